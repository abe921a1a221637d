// Events, alerts, samples and sketches for the conformance suites: made by number, or at random.
#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "model/registry.h"
#include "store/telemetry_store.h"

namespace peering::store::conformance {

/// Seconds from a fixed moment in 2026.
TimePoint at_second(int second);
std::string connection_id(int number);
std::string prefix_id(int connection, int number);

/// Open, a warning, every field filled.
model::Event some_event(std::string id, int first_seen_s, int connection = 0, int prefix = 0);
model::Alert some_alert(std::string id, int opened_s, int connection = 0);
model::Delivery some_delivery(std::string id, int due_s);

/// 10.`number`.0.0/24.
net::Prefix some_network(int number);
net::Prefix six_network();
model::SampleBatch some_batch(int number);
SketchRow some_row(int prefix, int start_s, std::string bytes);
/// A sketch of these round-trip times.
std::string sketch_of(const std::vector<std::uint32_t>& rtts_us);
/// An answer with a series and bytes a row.
std::vector<SketchRow> rows_of(const Sketches& sketches);
/// Rows to be added.
model::SketchBatch added(const std::vector<SketchRow>& rows);
model::SessionChange some_session_change(std::string_view peer, int at_s, model::SessionState state);

/// One random change of everything but samples.
struct RandomStep {
  EventCommit commit;
  std::vector<std::string> done;
  std::vector<model::Delivery> postponed;
  std::vector<SketchRow> rows;
  std::optional<TimePoint> expire_before;
};
RandomStep random_step(std::mt19937& random);
EventQuery random_query(std::mt19937& random);
std::string random_scope(std::mt19937& random);

/// What a follower sees after a sequence, in a form that compares.
std::vector<std::pair<std::uint64_t, model::Event>> versions(TelemetryStore& store, std::uint64_t after);

}  // namespace peering::store::conformance
