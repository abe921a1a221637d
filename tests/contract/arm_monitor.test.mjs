// The published client of Azure Monitor, @azure/arm-monitor 7.0.0, unmodified, against a live peeringd over
// HTTPS; the same environment as arm_peering.test.mjs.
import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { MonitorClient } from "@azure/arm-monitor";
import { PeeringManagementClient } from "@azure/arm-peering";

const { PEERING_HTTPS, PEERING_TOKEN, PEERING_SUBSCRIPTION } = process.env;
const GROUP = "contract";
const NAME = "measured";

const credential = { getToken: async () => ({ token: PEERING_TOKEN, expiresOnTimestamp: Date.now() + 3600e3 }) };
const options = { endpoint: PEERING_HTTPS, retryOptions: { maxRetries: 0 } };
const peering = new PeeringManagementClient(credential, PEERING_SUBSCRIPTION, options);
const monitor = new MonitorClient(credential, PEERING_SUBSCRIPTION, options);

const collect = async (pages) => {
  const all = [];
  for await (const item of pages) all.push(item);
  return all;
};

const HOUR = 3600e3;
const hour = new Date(Math.floor(Date.now() / HOUR) * HOUR - 2 * HOUR);
const timespan = `${hour.toISOString()}/${new Date(hour.getTime() + 2 * HOUR).toISOString()}`;
let id;

before(async () => {
  const [provider] = await collect(peering.peeringServiceProviders.list());
  const [location] = await collect(peering.peeringServiceLocations.list());
  const service = await peering.peeringServices.createOrUpdate(GROUP, NAME, {
    location: "eastus",
    peeringServiceLocation: location.state,
    peeringServiceProvider: provider.serviceProviderName,
  });
  id = service.id;
  await peering.prefixes.createOrUpdate(GROUP, NAME, "one", { prefix: "100.20.1.0/24" });
  await peering.prefixes.createOrUpdate(GROUP, NAME, "two", { prefix: "100.20.2.0/24" });
  const time = new Date(hour.getTime() + 60e3).toISOString();
  const sample = (client, rtt_us) => JSON.stringify({ time, client, pop: "AMS", rtt_us });
  const answer = await fetch(`${PEERING_HTTPS}/telemetry/samples`, {
    method: "POST",
    headers: { Authorization: `Bearer ${PEERING_TOKEN}`, "Content-Type": "application/x-ndjson" },
    body: [sample("100.20.1.1", 10e3), sample("100.20.2.1", 30e3)].join("\n"),
  });
  assert.equal(answer.status, 202);
  assert.equal((await answer.json()).unmatched, 0);
});

const near = (value, expected) => assert.ok(Math.abs(value - expected) <= expected / 100, `${value}`);

describe("metrics of a connection", () => {
  it("are defined", async () => {
    const found = await collect(monitor.metricDefinitions.list(id));
    const latency = found.find((each) => each.name.value === "PrefixLatency");
    assert.equal(latency.unit, "MilliSeconds");
    assert.equal(latency.primaryAggregationType, "Average");
    assert.equal(latency.resourceId, id);
    assert.deepEqual(latency.dimensions.map((each) => each.value), ["PrefixName"]);
    assert.deepEqual(latency.metricAvailabilities.map((each) => each.timeGrain), ["PT1H"]);
  });

  it("have one namespace", async () => {
    const [space] = await collect(monitor.metricNamespaces.list(id));
    assert.equal(space.properties.metricNamespaceName, "Microsoft.Peering/peeringServices");
  });

  it("average the hourly medians of the prefixes, and leave a gap empty", async () => {
    const answer = await monitor.metrics.list(id, { metricnames: "PrefixLatency", timespan, interval: "PT1H" });
    assert.equal(answer.namespace, "Microsoft.Peering/peeringServices");
    const [{ name, unit, timeseries }] = answer.value;
    assert.equal(name.value, "PrefixLatency");
    assert.equal(unit, "MilliSeconds");
    const [{ data }] = timeseries;
    assert.equal(data.length, 2);
    assert.equal(data[0].timeStamp.getTime(), hour.getTime());
    near(data[0].average, 20);
    assert.equal(data[1].average, undefined);
  });

  it("are split by a filter", async () => {
    const answer = await monitor.metrics.list(id, {
      metricnames: "PrefixLatency", timespan, interval: "PT1H", aggregation: "Average,Count", orderby: "average desc",
      filter: "PrefixName eq '*'",
    });
    const series = answer.value[0].timeseries;
    assert.deepEqual(series.map((each) => each.metadatavalues[0].value), ["two", "one"]);
    near(series[0].data[0].average, 30);
    assert.equal(series[0].data[0].count, 1);
  });

  it("are refused by name", async () => {
    await assert.rejects(monitor.metrics.list(id, { metricnames: "Nothing" }), (error) => {
      assert.equal(error.statusCode, 400);
      assert.equal(error.code, "BadRequest");
      assert.match(error.message, /Valid metrics: RoundTripTime,PrefixLatency/);
      return true;
    });
  });
});
