// The published client of the real service, @azure/arm-peering 2.1.0, unmodified, against a live peeringd
// over HTTPS. PEERING_HTTPS, PEERING_TOKEN and PEERING_SUBSCRIPTION name the server, NODE_EXTRA_CA_CERTS its
// local authority; tests/system/test_contract.py sets them.
import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { PeeringManagementClient } from "@azure/arm-peering";

const { PEERING_HTTPS, PEERING_TOKEN, PEERING_SUBSCRIPTION } = process.env;
const GROUP = "contract";

const credential = (token) => ({
  getToken: async () => ({ token, expiresOnTimestamp: Date.now() + 3600e3 }),
});
const connect = (token = PEERING_TOKEN, subscription = PEERING_SUBSCRIPTION) =>
  new PeeringManagementClient(credential(token), subscription, {
    endpoint: PEERING_HTTPS,
    retryOptions: { maxRetries: 0 },
  });
const client = connect();

const collect = async (pages) => {
  const all = [];
  for await (const item of pages) all.push(item);
  return all;
};

// What the client throws for an ARM error body.
const refused = (statusCode, code, message) => (error) => {
  assert.equal(error.name, "RestError");
  assert.equal(error.statusCode, statusCode);
  assert.equal(error.code, code);
  if (message) assert.match(error.message, message);
  return true;
};

// Runs the call and keeps the raw answer beside the parsed one.
const withStatus = async (call) => {
  let status;
  const body = await call({ onResponse: (response) => (status = response.status) });
  return { status, body };
};

let provider;
let location;
before(async () => {
  [provider] = await collect(client.peeringServiceProviders.list());
  [location] = await collect(client.peeringServiceLocations.list());
});

const service = () => ({
  location: "eastus",
  peeringServiceLocation: location.state,
  peeringServiceProvider: provider.serviceProviderName,
  tags: { team: "network" },
});

describe("the catalogue", () => {
  it("lists countries sorted by name", async () => {
    const names = (await collect(client.peeringServiceCountries.list())).map((country) => country.name);
    assert.ok(names.length > 0);
    assert.deepEqual(names, [...names].sort());
  });

  it("lists locations, and those of one country whatever its case", async () => {
    const all = await collect(client.peeringServiceLocations.list());
    assert.ok(all.every((item) => item.name === item.state && item.country && item.id && item.type));
    const country = all[0].country;
    const some = await collect(client.peeringServiceLocations.list({ country: country.toUpperCase() }));
    assert.deepEqual(some, all.filter((item) => item.country === country));
    assert.deepEqual(await collect(client.peeringServiceLocations.list({ country: "Atlantis" })), []);
  });

  it("lists providers with their metros", async () => {
    const all = await collect(client.peeringServiceProviders.list());
    assert.ok(all.every((item) => item.name === item.serviceProviderName && Array.isArray(item.peeringLocations)));
    assert.ok(all.some((item) => item.peeringLocations.length > 0));
  });
});

describe("peering services", () => {
  it("are created with 201 and replaced with 200, whole", async () => {
    const first = await withStatus((o) => client.peeringServices.createOrUpdate(GROUP, "Alpha", service(), o));
    assert.equal(first.status, 201);
    assert.equal(first.body.name, "Alpha");
    assert.equal(first.body.type, "Microsoft.Peering/peeringServices");
    assert.equal(
      first.body.id,
      `/subscriptions/${PEERING_SUBSCRIPTION}/resourceGroups/${GROUP}` +
        "/providers/Microsoft.Peering/peeringServices/Alpha",
    );
    assert.equal(first.body.location, "eastus");
    assert.equal(first.body.provisioningState, "Succeeded");
    assert.equal(first.body.peeringServiceProvider, provider.serviceProviderName);
    assert.equal(first.body.peeringServiceLocation, location.state);
    assert.deepEqual(first.body.tags, { team: "network" });

    const { tags, ...untagged } = service();
    const second = await withStatus((o) => client.peeringServices.createOrUpdate(GROUP, "alpha", untagged, o));
    assert.equal(second.status, 200);
    assert.equal(second.body.name, "Alpha", "the casing of the creation stays");
    assert.ok(!second.body.tags || Object.keys(second.body.tags).length === 0, "PUT replaces the tags");
  });

  it("are read and listed by group and by subscription", async () => {
    await client.peeringServices.createOrUpdate(GROUP, "Beta", service());
    const one = await client.peeringServices.get(GROUP, "BETA");
    assert.equal(one.name, "Beta");
    for (const list of [
      client.peeringServices.listByResourceGroup(GROUP),
      client.peeringServices.listBySubscription(),
    ]) {
      const found = (await collect(list)).filter((item) => item.name === "Beta");
      assert.equal(found.length, 1);
      assert.deepEqual(found[0], one);
    }
  });

  it("follow every page of a list", async () => {
    const names = Array.from({ length: 30 }, (_, i) => `paged-${String(i).padStart(2, "0")}`);
    await Promise.all(names.map((name) => client.peeringServices.createOrUpdate(GROUP, name, service())));
    const listed = (await collect(client.peeringServices.listByResourceGroup(GROUP))).map((item) => item.name);
    assert.deepEqual(listed.filter((name) => name.startsWith("paged-")).sort(), names);
  });

  it("take new tags by PATCH", async () => {
    await client.peeringServices.createOrUpdate(GROUP, "Tagged", service());
    const patched = await client.peeringServices.update(GROUP, "Tagged", { tags: { stage: "test" } });
    assert.equal(patched.tags.stage, "test");
    assert.equal(patched.tags.team, "network", "tags merge");
    assert.deepEqual((await client.peeringServices.get(GROUP, "Tagged")).tags, patched.tags);
  });

  it("are deleted with 200, and with 204 when there is none", async () => {
    await client.peeringServices.createOrUpdate(GROUP, "Gone", service());
    assert.equal((await withStatus((o) => client.peeringServices.delete(GROUP, "Gone", o))).status, 200);
    assert.equal((await withStatus((o) => client.peeringServices.delete(GROUP, "Gone", o))).status, 204);
    await assert.rejects(client.peeringServices.get(GROUP, "Gone"), refused(404, "ResourceNotFound", /Gone/));
  });
});

describe("prefixes", () => {
  const PREFIX = "203.0.113.0/24";
  before(() => client.peeringServices.createOrUpdate(GROUP, "Main", service()));

  it("are created, read with and without events, listed and deleted", async () => {
    const created = await withStatus((o) =>
      client.prefixes.createOrUpdate(GROUP, "Main", "Office", { prefix: PREFIX }, o),
    );
    assert.equal(created.status, 201);
    assert.equal(created.body.prefix, PREFIX);
    assert.equal(created.body.type, "Microsoft.Peering/peeringServices/prefixes");
    assert.equal(created.body.provisioningState, "Succeeded");
    assert.equal(created.body.prefixValidationState, "Pending");
    assert.equal(created.body.learnedType, "None");

    assert.equal((await client.prefixes.get(GROUP, "Main", "office")).events, undefined);
    const expanded = await client.prefixes.get(GROUP, "Main", "Office", { expand: "events" });
    assert.ok(Array.isArray(expanded.events));
    const listed = await collect(client.prefixes.listByPeeringService(GROUP, "Main", { expand: "events" }));
    assert.deepEqual(listed.map((item) => item.name), ["Office"]);
    assert.ok(Array.isArray(listed[0].events));

    assert.equal((await withStatus((o) => client.prefixes.delete(GROUP, "Main", "Office", o))).status, 200);
    assert.equal((await withStatus((o) => client.prefixes.delete(GROUP, "Main", "Office", o))).status, 204);
    await assert.rejects(client.prefixes.get(GROUP, "Main", "Office"), refused(404, "ResourceNotFound"));
  });

  it("cannot change their prefix", async () => {
    await client.prefixes.createOrUpdate(GROUP, "Main", "Fixed", { prefix: "198.51.100.0/24" });
    const again = await withStatus((o) =>
      client.prefixes.createOrUpdate(GROUP, "Main", "Fixed", { prefix: "198.51.100.0/24" }, o),
    );
    assert.equal(again.status, 200);
    await assert.rejects(
      client.prefixes.createOrUpdate(GROUP, "Main", "Fixed", { prefix: "192.0.2.0/24" }),
      (error) => error.statusCode === 400 && /prefix/.test(error.message),
    );
  });

  it("are refused with host bits, without a length and under a missing service", async () => {
    for (const prefix of ["203.0.113.7/24", "203.0.113.0", "nonsense"]) {
      await assert.rejects(
        client.prefixes.createOrUpdate(GROUP, "Main", "Bad", { prefix }),
        (error) => error.statusCode === 400 && error.message.includes(prefix),
        prefix,
      );
    }
    await assert.rejects(
      client.prefixes.createOrUpdate(GROUP, "Nowhere", "Any", { prefix: PREFIX }),
      refused(404, "ParentResourceNotFound", /Nowhere/),
    );
  });

  it("go with their service", async () => {
    await client.peeringServices.createOrUpdate(GROUP, "Parent", service());
    await client.prefixes.createOrUpdate(GROUP, "Parent", "Child", { prefix: "192.0.2.0/24" });
    await client.peeringServices.delete(GROUP, "Parent");
    await client.peeringServices.createOrUpdate(GROUP, "Parent", service());
    assert.deepEqual(await collect(client.prefixes.listByPeeringService(GROUP, "Parent")), []);
  });
});

describe("peer AS numbers", () => {
  it("are created, read, listed and deleted", async () => {
    const contact = [{ role: "Noc", email: "noc@example.net", phone: "+1 555 0100" }];
    const created = await withStatus((o) =>
      client.peerAsns.createOrUpdate("Example", { peerAsn: 3333, peerName: "Example", peerContactDetail: contact }, o),
    );
    assert.equal(created.status, 201);
    assert.equal(created.body.peerAsn, 3333);
    assert.equal(created.body.validationState, "Pending");
    assert.deepEqual(created.body.peerContactDetail, contact);
    assert.equal((await client.peerAsns.get("Example")).peerName, "Example");
    assert.ok((await collect(client.peerAsns.listBySubscription())).some((item) => item.name === "Example"));
    assert.equal((await withStatus((o) => client.peerAsns.delete("Example", o))).status, 200);
    assert.equal((await withStatus((o) => client.peerAsns.delete("Example", o))).status, 204);
    await assert.rejects(client.peerAsns.get("Example"), refused(404, "ResourceNotFound"));
  });

  it("are refused when reserved", async () => {
    for (const peerAsn of [0, 23456, 64512]) {
      await assert.rejects(
        client.peerAsns.createOrUpdate("Reserved", { peerAsn, peerName: "Reserved" }),
        (error) => error.statusCode === 400 && error.message.includes(String(peerAsn)),
        String(peerAsn),
      );
    }
  });
});

describe("errors, as the client reads them", () => {
  it("name what is missing", async () => {
    await assert.rejects(client.peeringServices.get(GROUP, "None"), refused(404, "ResourceNotFound", /None/));
    await assert.rejects(client.peeringServices.get("no-group", "None"), refused(404, "ResourceGroupNotFound", /no-group/));
    await assert.rejects(
      connect(PEERING_TOKEN, "00000000-0000-4000-8000-00000000dead").peeringServices.get(GROUP, "None"),
      refused(404, "SubscriptionNotFound", /dead/),
    );
  });

  it("refuse a bad token", async () => {
    await assert.rejects(connect("wrong").peeringServices.get(GROUP, "Alpha"), (error) => {
      assert.equal(error.statusCode, 401);
      return refused(401, "InvalidAuthenticationToken")(error);
    });
  });

  it("refuse a bad name, an unknown provider and a move to another region", async () => {
    const put = (name, change) => client.peeringServices.createOrUpdate(GROUP, name, { ...service(), ...change });
    await assert.rejects(put("x".repeat(64), {}), refused(400, "InvalidResourceName", /63/));
    await assert.rejects(put("Unknown", { peeringServiceProvider: "Nobody" }), (error) => {
      return error.statusCode === 400 && /Nobody/.test(error.message);
    });
    await put("Moving", {});
    await assert.rejects(put("Moving", { location: "westeurope" }), refused(409, "InvalidResourceLocation"));
  });
});

describe("peerings", () => {
  let metro;
  let asn;
  before(async () => {
    [metro] = await collect(client.peeringLocations.list("Direct"));
    asn = await client.peerAsns.createOrUpdate("partner", { peerAsn: 3334, peerName: "A partner" });
  });
  const direct = () => ({
    kind: "Direct",
    location: "eastus",
    sku: { name: "Basic_Direct_Free" },
    peeringLocation: metro.peeringLocation,
    direct: {
      directPeeringType: "Edge",
      peerAsn: { id: asn.id },
      connections: [
        {
          bandwidthInMbps: 10000,
          sessionAddressProvider: "Peer",
          useForPeeringService: true,
          peeringDBFacilityId: metro.direct.peeringFacilities[0].peeringDBFacilityId,
          connectionIdentifier: "5f4cb5c7-6b43-4444-9338-9abc72606c16",
          bgpSession: { sessionPrefixV4: "192.168.0.0/31", maxPrefixesAdvertisedV4: 1000 },
        },
      ],
    },
  });

  it("are created, read, listed, tagged and deleted", async () => {
    const created = await withStatus((o) => client.peerings.createOrUpdate(GROUP, "Peer1", direct(), o));
    assert.equal(created.status, 201);
    assert.equal(created.body.kind, "Direct");
    assert.equal(created.body.sku.family, "Direct");
    const [connection] = created.body.direct.connections;
    assert.equal(connection.connectionState, "PendingApproval");
    assert.equal(connection.bgpSession.sessionStateV4, "PendingAdd");
    assert.deepEqual(await client.peerings.get(GROUP, "peer1"), created.body);
    for (const list of [client.peerings.listByResourceGroup(GROUP), client.peerings.listBySubscription()]) {
      assert.deepEqual(await collect(list), [created.body]);
    }
    const again = await withStatus((o) => client.peerings.createOrUpdate(GROUP, "Peer1", direct(), o));
    assert.equal(again.status, 200);
    assert.deepEqual((await client.peerings.update(GROUP, "Peer1", { tags: { a: "1" } })).tags, { a: "1" });
    assert.equal((await withStatus((o) => client.peerings.delete(GROUP, "Peer1", o))).status, 200);
    await assert.rejects(client.peerings.get(GROUP, "Peer1"), refused(404, "ResourceNotFound", /Peer1/));
  });

  it("keep a connection that is sent without its identifier, and what was decided on it", async () => {
    const decide = async (id, what) => {
      const url = `${PEERING_HTTPS}${id}/providers/Open.Peering/${what}?api-version=2026-11-01`;
      const headers = { Authorization: `Bearer ${PEERING_TOKEN}` };
      assert.equal((await fetch(url, { method: "POST", headers })).status, 200);
    };
    const body = direct();
    body.direct.connections[0].bgpSession.peerSessionIPv4Address = "192.168.0.1";
    const made = await client.peerings.createOrUpdate(GROUP, "Peer3", body);
    await decide(asn.id, "approve");
    assert.equal((await client.peerAsns.get("partner")).validationState, "Approved");
    await decide(made.id, `connections/${made.direct.connections[0].connectionIdentifier}/approve`);
    const [approved] = (await client.peerings.get(GROUP, "Peer3")).direct.connections;
    assert.equal(approved.connectionState, "ProvisioningStarted");
    delete body.direct.connections[0].connectionIdentifier;
    const again = await client.peerings.createOrUpdate(GROUP, "Peer3", body);
    assert.deepEqual(again.direct.connections, [approved]);
    assert.deepEqual(await collect(client.receivedRoutes.listByPeering(GROUP, "Peer3")), []);
    const filters = { prefix: "203.0.113.0/24", asPath: "3334", rpkiValidationState: "Valid" };
    assert.deepEqual(await collect(client.receivedRoutes.listByPeering(GROUP, "Peer3", filters)), []);
    await assert.rejects(client.peerAsns.delete("partner"), refused(409, "Conflict", /Peer3/));
    await client.peerings.delete(GROUP, "Peer3");
    assert.equal((await withStatus((o) => client.peerAsns.delete("partner", o))).status, 200);
    asn = await client.peerAsns.createOrUpdate("partner", { peerAsn: 3334, peerName: "A partner" });
  });

  it("are refused with a facility that is not there and another's ASN", async () => {
    const elsewhere = direct();
    elsewhere.direct.connections[0].peeringDBFacilityId = 2147483647;
    await assert.rejects(
      client.peerings.createOrUpdate(GROUP, "Peer2", elsewhere),
      refused(400, "BadArgument", /peeringDBFacilityId/),
    );
    const foreign = direct();
    foreign.direct.peerAsn.id = asn.id.replace(PEERING_SUBSCRIPTION, "99999999-9999-9999-9999-999999999999");
    await assert.rejects(
      client.peerings.createOrUpdate(GROUP, "Peer2", foreign),
      refused(400, "BadArgument", /peerAsn/),
    );
  });
});

describe("what a partner asks before", () => {
  it("where it can connect", async () => {
    const metros = await collect(client.peeringLocations.list("Direct", { directPeeringType: "Edge" }));
    assert.ok(metros.length > 0);
    for (const metro of metros) assert.ok(metro.direct.peeringFacilities.every((f) => f.directPeeringType === "Edge"));
    assert.ok((await collect(client.peeringLocations.list("Exchange"))).every((metro) => metro.exchange));
    assert.deepEqual(await collect(client.legacyPeerings.list(metros[0].peeringLocation, "Direct")), []);
  });

  it("what the routers know of an address", async () => {
    const answer = await client.lookingGlass.invoke("BgpRoute", "EdgeSite", "SEA", "203.0.113.1");
    assert.equal(answer.command, "BgpRoute");
    assert.match(answer.output, /203\.0\.113\.1/);
  });

  it("whether a provider reaches a customer", async () => {
    const answer = await client.checkServiceProviderAvailability({
      peeringServiceLocation: location.state,
      peeringServiceProvider: "nobody",
    });
    assert.equal(answer.body ?? answer, "Unavailable");
  });
});

describe("connection monitor tests", () => {
  it("belong to a service", async () => {
    await client.peeringServices.createOrUpdate(GROUP, "Measured", service());
    const wanted = { sourceAgent: "agent", destination: "203.0.113.1", destinationPort: 443, testFrequencyInSec: 30 };
    const made = await withStatus((o) =>
      client.connectionMonitorTests.createOrUpdate(GROUP, "Measured", "t1", wanted, o),
    );
    assert.equal(made.status, 201);
    assert.equal(made.body.destinationPort, 443);
    assert.deepEqual(await client.connectionMonitorTests.get(GROUP, "Measured", "T1"), made.body);
    assert.deepEqual(await collect(client.connectionMonitorTests.listByPeeringService(GROUP, "Measured")), [made.body]);
    await client.connectionMonitorTests.delete(GROUP, "Measured", "t1");
    assert.deepEqual(await collect(client.connectionMonitorTests.listByPeeringService(GROUP, "Measured")), []);
  });
});
