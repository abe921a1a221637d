// Pings and traceroutes as the programs of those names print them.
#pragma once

#include <string>

#include "model/probe.h"

namespace peering::api {

/// As iputils' ping prints it.
std::string ping_text(const net::Address& destination, const model::ProbeReport& report);
/// As `traceroute -n` prints it.
std::string traceroute_text(const net::Address& destination, const model::ProbeReport& report);

}  // namespace peering::api
