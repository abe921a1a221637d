// Addresses, prefixes, numbers and times out of the text of a JSON token.
//
// The usual spellings are read by hand; what does not look usual is left to `net`, which has the last word
// and the words for an error.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/time.h"
#include "net/prefix.h"

namespace peering::wire::ris {

/// As `net::Address::parse`, nothing for what it refuses.
std::optional<net::Address> address_of(std::string_view text);
/// As `net::Prefix::parse_lenient`, nothing for what it refuses.
std::optional<net::Prefix> prefix_of(std::string_view text);
/// Digits only, at most `max`.
std::optional<std::uint64_t> whole_number_of(std::string_view text, std::uint64_t max);
/// Seconds since 1970 up to the year 10000, in decimal or with an exponent, to the microsecond.
std::optional<TimePoint> time_of(std::string_view text);

}  // namespace peering::wire::ris
