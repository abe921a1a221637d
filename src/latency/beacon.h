// What browsers measured: bodies of POST /telemetry/beacon to raw samples.
//
//     {"samples": [{"rtt_us": 40123, "age_ms": 5210, "pop": "AMS"}]}
//
// A sample is the time that a TCP handshake took (Resource Timing: connectStart to secureConnectionStart, or
// to connectEnd). Browsers' clocks are wrong, so a sample has an age instead of a time. Nobody vouches for a
// browser: the client is the address it speaks from, and only PoPs that exist are taken.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "latency/raw_samples.h"
#include "net/address.h"

namespace peering::latency {

inline constexpr std::size_t beacon_bytes_max = 8UL * 1024;
inline constexpr std::size_t beacon_samples_max = 50;
/// The source of all samples of browsers.
inline constexpr std::string_view beacon_source = "beacon";

struct BeaconSender {
  net::Address client;
  std::string_view pop;               ///< of samples that name none; empty: they are rejected
  std::span<const std::string> pops;  ///< that may be named
};

/// `invalid_argument` when the body cannot be read at all; `limit_exceeded` above 8 KiB or 50 samples. A
/// sample that breaks a rule is rejected alone. All are of the kind `handshake`.
Result<DecodedSamples> decode_beacon(std::string_view body, const BeaconSender& sender,
                                     const SampleRules& rules);

}  // namespace peering::latency
