// The log of Apache Traffic Server's tcpinfo plugin: one line, one round-trip sample.
//
//     timestamp event client server rtt
//     20261127.20h49m01s txn_close 198.51.100.2 192.0.2.1 40490
//
// The time is that of a local clock, the round-trip time microseconds (TCP_INFO's tcpi_rtt); at log level 2
// more columns follow. Files begin with the names of the columns.
#pragma once

#include <string_view>

#include "latency/log_line.h"
#include "latency/raw_samples.h"
#include "latency/sample_checker.h"
#include "model/time_zone.h"

namespace peering::latency {

/// Reads lines into `out`, in which raw client addresses stand until they are matched. Owned by one thread.
class TcpinfoLineReader {
 public:
  /// `rules` and `out` must outlive the reader. `zone`: of the clock that the server shows.
  TcpinfoLineReader(const SampleRules& rules, DecodedSamples& out, model::TimeZone zone);

  LogLine read(std::string_view line, std::string_view pop, std::string_view source);

 private:
  std::optional<TimePoint> time_of(std::string_view text);

  SampleChecker checker_;
  const model::TimeZone zone_;
  // Lines of one minute follow each other: its time is looked up once.
  std::string minute_text_;
  TimePoint minute_{};
};

}  // namespace peering::latency
