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

/// A series of a batch. Its texts are indexes into `SampleBatch::names`: a request has few of them, but may
/// have as many series as samples.
struct BatchSeries {
  std::uint32_t resource = 0, pop = 0, source = 0;
  SampleKind kind = SampleKind::srtt;
  net::Prefix client;
  friend bool operator==(const BatchSeries&, const BatchSeries&) = default;
};

/// One measurement of a batch.
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
  std::vector<std::string> names;
  std::vector<BatchSeries> series;
  std::vector<LatencySample> samples;

  /// The series with its texts.
  SeriesKey key(const BatchSeries& of) const;
  /// Appends a series with its texts, for who has few; returns its index.
  std::uint32_t add_series(const SeriesKey& key);
  friend bool operator==(const SampleBatch&, const SampleBatch&) = default;
};

/// The network that a client address is reduced to before anything is written: /24 or /48.
net::Prefix mask_client(const net::Address& client);

}  // namespace peering::model
