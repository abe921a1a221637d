// How the work of detection is divided among shards: each owns the prefixes that `feeds::shard_of` gives it.
#pragma once

#include <vector>

#include "base/result.h"
#include "detect/settings.h"
#include "model/event.h"
#include "store/telemetry_store.h"

namespace peering::app {

/// The settings of shard `index` of `count`: those of all, and which prefixes are its own.
detect::Settings settings_of_share(detect::Settings of_all, std::size_t index, std::size_t count);

/// What detectors know after a restart: the open events, and of every prefix its latest announcement.
Result<std::vector<model::Event>> events_known(store::TelemetryStore& telemetry);

/// For each of `count` shards the part of it that is its own. What is too short to be one shard's is
/// everyone's.
std::vector<std::vector<model::Event>> events_of_shares(const std::vector<model::Event>& known,
                                                        std::size_t count);

}  // namespace peering::app
