// The rules that every sample must keep, whatever form it came in. Decoders read fields and ask here.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "latency/raw_samples.h"

namespace peering::latency {

/// Collects the samples of one body. Every question about a field either answers with its value or rejects
/// the current sample, once, and answers nothing.
class SampleChecker {
 public:
  SampleChecker(const SampleRules& rules, DecodedSamples& out) : rules_(rules), out_(out) {}

  void reject(std::string_view field, std::string_view value, std::string_view rule);
  void accept(const RawSample& sample);

  /// What is neither too far ahead nor too old.
  bool in_time(TimePoint at) const {
    return at <= rules_.now + rules_.ahead_max && at >= rules_.now - rules_.accept_age;
  }
  /// Unix seconds that are in time.
  bool in_time(double seconds) const;
  /// Above 0 and at most 10 s.
  static bool is_rtt_us(double value) { return value > 0 && value <= rtt_us_max; }

  /// `shown` of these is only looked at when the value is refused.
  std::optional<TimePoint> time(TimePoint at, std::string_view shown);
  std::optional<TimePoint> time_text(std::string_view rfc3339);
  /// Unix seconds.
  std::optional<TimePoint> time_number(double seconds, std::string_view shown);
  std::optional<net::Address> client_text(std::string_view address);
  std::optional<std::uint32_t> rtt_us(double value, std::string_view shown);
  /// Indexes of names.
  std::optional<std::uint32_t> pop(std::string_view name);
  std::optional<std::uint32_t> source(std::string_view name);
  std::optional<model::SampleKind> kind(std::string_view name);

 private:
  std::uint32_t name_index(std::string_view name);

  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  const SampleRules& rules_;
  DecodedSamples& out_;
  std::uint64_t index_ = 0;
  std::unordered_map<std::string, std::uint32_t, Hash, std::equal_to<>> names_;
};

}  // namespace peering::latency
