// A round-trip sample as it is kept: matched to a registered prefix and masked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "net/prefix.h"

namespace peering::model {

/// How a round-trip time was measured. The order is that of the binary sample format.
enum class SampleKind : std::uint8_t { srtt, min, handshake, icmp, stamp, quic };
std::string_view to_string(SampleKind kind);
std::optional<SampleKind> parse_sample_kind(std::string_view text);

/// What samples are summed up by.
struct SeriesKey {
  std::string prefix_resource;  ///< lower-case ARM id of the registered prefix
  net::Prefix client;           ///< /24 or /48 of the client
  std::string pop;
  SampleKind kind = SampleKind::srtt;
  std::string source;
  friend auto operator<=>(const SeriesKey&, const SeriesKey&) = default;
  friend bool operator==(const SeriesKey&, const SeriesKey&) = default;
};

/// One measurement of a batch. Its series is an index, because a request of a million samples names few
/// series, and each is made of long texts.
struct LatencySample {
  std::uint32_t series = 0;  ///< index into `SampleBatch::series`
  std::uint32_t rtt_us = 0;  ///< 1 to 10,000,000
  TimePoint at{};
  friend bool operator==(const LatencySample&, const LatencySample&) = default;
};

/// The samples of one request.
struct SampleBatch {
  std::string idempotency_key;  ///< empty: none
  std::string body_digest;      ///< SHA-256 of the decoded body, hexadecimal
  std::vector<SeriesKey> series;
  std::vector<LatencySample> samples;
  friend bool operator==(const SampleBatch&, const SampleBatch&) = default;
};

/// The network that a client address is reduced to before anything is written: /24 or /48.
net::Prefix mask_client(const net::Address& client);

}  // namespace peering::model
