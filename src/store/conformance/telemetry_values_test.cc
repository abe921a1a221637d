#include "store/conformance/telemetry_values.h"

#include "sketch/latency_sketch.h"

namespace peering::store::conformance {

namespace {

int pick(std::mt19937& random, int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); }

net::Prefix network(std::string_view text) { return net::Prefix::parse(text).value(); }

}  // namespace

TimePoint at_second(int second) { return time_from_us(1'795'000'000'000'000) + std::chrono::seconds(second); }

std::string connection_id(int number) {
  return fmt::format("/subscriptions/S/resourceGroups/G/providers/Microsoft.Peering/peeringServices/c{}",
                     number);
}

std::string prefix_id(int connection, int number) {
  return fmt::format("{}/prefixes/p{}", connection_id(connection), number);
}

model::Event some_event(std::string id, int first_seen_s, int connection, int prefix) {
  model::Event e;
  e.id = model::EventId(std::move(id));
  e.kind = model::EventKind::withdrawal;
  e.type = "PrefixWithdrawalEvent";
  e.level = model::Level::warning;
  e.state = model::EventState::open;
  e.connection = connection_id(connection);
  e.prefix_resource = prefix_id(connection, prefix);
  e.prefix = network("203.0.113.0/24");
  e.observed = network("203.0.113.0/25");
  e.origin = 64500;
  e.expected_origins = {64500, 64501};
  e.as_path = {64496, 64500};
  e.suspect = 64499;
  e.peers = {{"edge-1", "192.0.2.1", 64496}};
  e.confidence = 0.7;
  e.first_seen = at_second(first_seen_s);
  e.last_seen = e.first_seen + Microseconds(1234);
  e.detected_at = e.first_seen + Microseconds(1);
  e.summary = "withdrawn";
  e.description = "the last route is \"gone\"";
  e.evidence = {"line one", "line two"};
  e.incident_id = "incident";
  return e;
}

model::Alert some_alert(std::string id, int opened_s, int connection) {
  model::Alert a;
  a.id = std::move(id);
  a.event = model::EventId(a.id);
  a.connection = connection_id(connection);
  a.opened = at_second(opened_s);
  a.state = model::EventState::open;
  a.summary = "withdrawn";
  a.channels = {"/subscriptions/s/providers/open.peering/alertchannels/hook"};
  return a;
}

model::Delivery some_delivery(std::string id, int due_s) {
  model::Delivery d;
  d.id = std::move(id);
  d.alert = "a1";
  d.channel = "/subscriptions/s/providers/open.peering/alertchannels/hook";
  d.payload = R"({"text":"withdrawn"})";
  d.created = at_second(0);
  d.due = at_second(due_s);
  return d;
}

net::Prefix some_network(int number) { return network(fmt::format("10.{}.0.0/24", number)); }
net::Prefix six_network() { return network("2001:db8:1::/48"); }

model::SampleBatch some_batch(int number) {
  model::SampleBatch batch;
  batch.body_digest = fmt::format("digest{}", number);
  batch.add_series(
      {model::lower(prefix_id(0, 0)), some_network(1), "AMS", model::SampleKind::srtt, "edge-1"});
  batch.add_series({model::lower(prefix_id(0, 1)), six_network(), "LON", model::SampleKind::quic, ""});
  for (int i = 0; i <= number; ++i) {
    batch.samples.push_back({static_cast<std::uint32_t>(i % 2), static_cast<std::uint32_t>(20'000 + i),
                             at_second(number - 7 * i) + Microseconds(123 * i)});
  }
  return batch;
}

model::SessionChange some_session_change(std::string_view peer, int at_s, model::SessionState state) {
  return {*net::Address::parse(peer), "edge-1", 7, at_second(at_s), state, 3333};
}

SketchRow some_row(int prefix, int start_s, std::string bytes) {
  return {{model::lower(prefix_id(0, prefix)), some_network(1), "AMS", model::SampleKind::srtt, "edge-1"},
          at_second(start_s),
          std::move(bytes)};
}

std::string sketch_of(const std::vector<std::uint32_t>& rtts_us) {
  sketch::LatencySketch out;
  for (const std::uint32_t each : rtts_us) out.add(each);
  return out.to_bytes();
}

std::vector<SketchRow> rows_of(const Sketches& sketches) {
  std::vector<SketchRow> out;
  for (const Sketches::Row& row : sketches.rows)
    out.push_back({sketches.series.at(row.series), row.start, std::string(sketches.sketch(row)), row.level});
  return out;
}

model::SketchBatch added(const std::vector<SketchRow>& rows) {
  model::SketchBatch out;
  for (const SketchRow& row : rows) out.add(row.series, row.start, row.bytes);
  return out;
}

RandomStep random_step(std::mt19937& random) {
  RandomStep step;
  for (int i = pick(random, 3); i > 0; --i) {
    model::Event event =
        some_event(fmt::format("e{}", pick(random, 12)), pick(random, 20), pick(random, 2), pick(random, 2));
    event.level = static_cast<model::Level>(pick(random, 4));
    event.state = static_cast<model::EventState>(pick(random, 2));
    event.last_seen = event.first_seen + std::chrono::seconds(pick(random, 10));
    if (event.state == model::EventState::resolved && pick(random, 2)) event.resolved_at = event.last_seen;
    step.commit.events.push_back(std::move(event));
  }
  for (int i = pick(random, 2); i > 0; --i) {
    model::Alert alert = some_alert(fmt::format("a{}", pick(random, 6)), pick(random, 20), pick(random, 2));
    alert.state = static_cast<model::EventState>(pick(random, 2));
    step.commit.alerts.push_back(std::move(alert));
  }
  for (int i = pick(random, 3); i > 0; --i) {
    step.commit.outbox.push_back(some_delivery(fmt::format("d{}", pick(random, 6)), pick(random, 20)));
  }
  if (pick(random, 3) == 0) step.done.push_back(fmt::format("d{}", pick(random, 6)));
  if (pick(random, 3) == 0) {
    step.postponed.push_back(some_delivery(fmt::format("d{}", pick(random, 6)), pick(random, 20)));
  }
  if (pick(random, 2)) {
    step.rows.push_back(
        some_row(pick(random, 2), pick(random, 20), sketch_of({static_cast<std::uint32_t>(random())})));
  }
  if (pick(random, 10) == 0) step.expire_before = at_second(pick(random, 12));
  return step;
}

EventQuery random_query(std::mt19937& random) {
  EventQuery query;
  query.scope = random_scope(random);
  if (pick(random, 2)) query.from = at_second(pick(random, 12));
  if (pick(random, 2)) query.to = at_second(8 + pick(random, 14));
  if (pick(random, 3) == 0) query.state = static_cast<model::EventState>(pick(random, 2));
  if (pick(random, 3) == 0) query.minimum_level = static_cast<model::Level>(pick(random, 4));
  query.limit = static_cast<std::size_t>(1 + pick(random, 5));
  return query;
}

std::string random_scope(std::mt19937& random) {
  const std::vector<std::string> scopes{"",
                                        "/subscriptions/S",
                                        "/subscriptions/s/resourcegroups/g",
                                        connection_id(0),
                                        connection_id(1),
                                        prefix_id(0, 1),
                                        "/subscriptions/other"};
  return scopes[static_cast<std::size_t>(pick(random, static_cast<int>(scopes.size())))];
}

std::vector<std::pair<std::uint64_t, model::Event>> versions(TelemetryStore& store, std::uint64_t after) {
  std::vector<std::pair<std::uint64_t, model::Event>> out;
  const std::vector<StoredEvent> stored = store.events_after(after, 5).value();
  for (const StoredEvent& each : stored) out.emplace_back(each.sequence, each.event);
  return out;
}

}  // namespace peering::store::conformance
