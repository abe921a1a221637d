// What a request body of samples holds once it is decoded: values that are right, and what was wrong with the
// others.
//
// Raw samples still carry whole client addresses. They exist only inside `read_samples` (ingest.h), which
// masks them; nothing else may keep, log or store them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"
#include "model/sample.h"
#include "net/address.h"

namespace peering::latency {

/// The three forms of a body (docs of POST /telemetry/samples).
enum class SampleFormat : std::uint8_t { ndjson, csv, binary };

/// What makes a sample acceptable.
struct SampleRules {
  TimePoint now{};                                  ///< what ages are counted from
  Microseconds accept_age{std::chrono::days(30)};   ///< older samples are rejected
  Microseconds ahead_max{std::chrono::minutes(5)};  ///< later ones too
};

// Limits of a body, beyond which a sample is rejected or the body refused.
inline constexpr std::size_t body_bytes_max = 64UL * 1024 * 1024;
inline constexpr std::size_t line_bytes_max = 64UL * 1024;
inline constexpr std::size_t pop_bytes_max = 64;
inline constexpr std::size_t source_bytes_max = 128;
inline constexpr double rtt_us_max = 10'000'000;
inline constexpr std::size_t rejections_shown_max = 20;

/// One right sample. `pop` and `source` are indexes into `DecodedSamples::names`.
struct RawSample {
  net::Address client;  ///< IPv4-mapped addresses as IPv4
  TimePoint at{};
  std::uint32_t rtt_us = 0;  ///< 1 to 10,000,000
  std::uint32_t pop = 0;
  std::uint32_t source = 0;
  model::SampleKind kind = model::SampleKind::srtt;
};

/// Why one sample was rejected.
struct Rejection {
  std::uint64_t index = 0;  ///< of the sample in its body, from 0
  std::string field;        ///< as in NDJSON; "line" when nothing of it could be read
  std::string value;        ///< at most 80 bytes, client addresses masked
  std::string rule;
  friend bool operator==(const Rejection&, const Rejection&) = default;
};

struct DecodedSamples {
  std::vector<std::string> names;  ///< PoPs and sources, each once
  std::vector<RawSample> samples;
  std::uint64_t rejected = 0;
  std::vector<Rejection> rejections;  ///< the first 20
};

}  // namespace peering::latency
