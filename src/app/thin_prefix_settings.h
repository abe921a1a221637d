// The keys of `[probe]` about registered prefixes with few samples.
#pragma once

#include <string>
#include <vector>

#include "app/configuration.h"
#include "app/prefix_probes.h"
#include "app/settings.h"

namespace peering::app {

/// Appends their rows.
void add_thin_prefix_settings(std::vector<Setting>& out, Configuration::Probe& probe);
/// `pop`: where the probes leave from.
PrefixProbeSettings prefix_probe_settings(const Configuration& configuration, std::string pop);

}  // namespace peering::app
