// The keys of `[latency]` that say where round-trip samples come from.
#pragma once

#include <string>
#include <vector>

#include "app/configuration.h"
#include "app/settings.h"
#include "base/result.h"
#include "latency/metric_rules.h"

namespace peering::app {

/// Appends their rows.
void add_source_settings(std::vector<Setting>& out, Configuration::Latency& latency);
/// `invalid_argument` when they do not fit together.
Result<void> check_sources(const Configuration& configuration);
/// What `[[latency.metrics]]` says. `invalid_argument`: an entry is no rule.
Result<std::vector<latency::MetricRule>> metric_rules(const Configuration& configuration);
/// The PoP of what names none: `given`, else the only one of `[[network.pops]]`, else empty.
std::string pop_or_only(const Configuration& configuration, const std::string& given);

}  // namespace peering::app
