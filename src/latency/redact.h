// Client addresses in text that is shown or stored.
#pragma once

#include <string>
#include <string_view>

namespace peering::latency {

/// The text with the host part of everything that is or contains an IP address replaced by `*`:
/// "203.0.113.9:443" becomes "203.0.113.*:443", "2001:db8:1:2::9" becomes "2001:db8:1:*". Numbers and words
/// stay as they are.
std::string redact_addresses(std::string_view text);

}  // namespace peering::latency
