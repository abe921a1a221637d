// Access logs of web servers and proxies: one line, one round-trip sample.
//
// A line is a JSON object with the members of a sample (docs/telemetry.md), as nginx and HAProxy write it:
// their log variables come as texts, also numbers, and are empty or "-" where a connection has no round trip
// (QUIC, Unix sockets).
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "latency/raw_samples.h"

namespace peering::latency {

/// What became of a line.
enum class LogLine : std::uint8_t {
  sample,         ///< appended
  nothing,        ///< a header
  no_round_trip,  ///< right, but of a connection without one
  rejected,       ///< a rule is broken; the sample is counted as rejected
};

/// What a line without a time is.
enum class Untimed : std::uint8_t {
  of_now,    ///< it comes as it is written
  rejected,  ///< it may have been written long ago
};

/// Reads lines into `out`, in which raw client addresses stand until they are matched. Owned by one thread.
class LogLineReader {
 public:
  /// Both must outlive the reader.
  LogLineReader(const SampleRules& rules, DecodedSamples& out, Untimed untimed = Untimed::of_now);
  ~LogLineReader();
  LogLineReader(const LogLineReader&) = delete;
  LogLineReader& operator=(const LogLineReader&) = delete;

  /// `pop` and `source` count where the line names none.
  LogLine read(std::string_view line, std::string_view pop, std::string_view source);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace peering::latency
