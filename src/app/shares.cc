#include "app/shares.h"

#include <utility>

#include "feeds/shard_router.h"

namespace peering::app {

detect::Settings settings_of_share(detect::Settings of_all, std::size_t index, std::size_t count) {
  of_all.owns = [index, count](const net::Prefix& prefix) {
    return feeds::shard_of(prefix, count).value_or(0) == index;
  };
  of_all.hears = [index, count](const net::Prefix& prefix) {
    return feeds::shard_of(prefix, count).value_or(index) == index;
  };
  return of_all;
}

Result<std::vector<model::Event>> events_known(store::TelemetryStore& telemetry) {
  auto known = telemetry.open_events();
  if (!known) return known;
  const auto latest = telemetry.latest_events(model::EventKind::announcement);
  if (!latest) return latest;
  known->insert(known->end(), latest->begin(), latest->end());
  return known;
}

std::vector<std::vector<model::Event>> events_of_shares(const std::vector<model::Event>& known,
                                                        std::size_t count) {
  std::vector<std::vector<model::Event>> out(count);
  for (const model::Event& event : known) {
    // What is about a monitored AS belongs to where its routes come.
    const auto owner = feeds::shard_of(event.monitored ? event.observed : event.prefix, count);
    for (std::size_t i = 0; i < count; ++i) {
      if (!owner || *owner == i) out[i].push_back(event);
    }
  }
  return out;
}

}  // namespace peering::app
