// The configured BGP neighbours, as the collector wants them.
#pragma once

#include "app/configuration.h"
#include "base/result.h"
#include "feeds/bgp_settings.h"

namespace peering::app {

/// Reads the password files too. Errors (`invalid_argument`) name the key: a neighbour twice, an AS number or
/// a router id that is nowhere, a password file that others can read.
Result<feeds::BgpSettings> bgp_settings(const Configuration& configuration);

}  // namespace peering::app
