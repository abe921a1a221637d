// Round-trip times that other programs have measured, as NDJSON samples: RIPE Atlas ping results, the output
// of fping, and scamper's JSON.
#pragma once

#include <cstdint>
#include <istream>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "cli/failure.h"

namespace peering::cli {

enum class ProbeFormat : std::uint8_t { atlas, fping, scamper };
std::optional<ProbeFormat> parse_probe_format(std::string_view name);

struct ProbeOutputSettings {
  ProbeFormat format = ProbeFormat::atlas;
  std::string pop;                ///< where the other end of the measurements stands
  std::string source;             ///< as reports show it
  std::optional<TimePoint> time;  ///< of lines that have none (`fping -C`)
};

/// Reads one piece after the other; memory does not grow with the input.
class ProbeOutput {
 public:
  static constexpr std::size_t object_bytes_max = 4UL * 1024 * 1024;

  /// `in` must outlive it.
  ProbeOutput(std::istream& in, ProbeOutputSettings settings) : in_(in), settings_(std::move(settings)) {}

  /// The next NDJSON body to send; nothing at the end. Fails, with line or place, for what is not of the
  /// format.
  Outcome<std::optional<std::string>> next();
  /// Probes without an answer, so far.
  std::uint64_t lost() const { return lost_; }
  /// Results that are no round-trip times: traceroutes, summaries.
  std::uint64_t passed_over() const { return passed_over_; }

 private:
  Outcome<std::optional<std::string>> next_object();
  Outcome<void> take_object(const std::string& text, std::string& out);
  Outcome<void> take_line(std::string_view line, std::string& out);

  std::istream& in_;
  const ProbeOutputSettings settings_;
  std::uint64_t number_ = 0;  // of lines or objects
  std::uint64_t lost_ = 0, passed_over_ = 0;
};

}  // namespace peering::cli
