// Syslog from web servers and proxies (RFC 3164, RFC 5424), by UDP and by TCP (RFC 6587) on one port.
//
// One thread reads. What the sink cannot take makes a TCP sender wait, whose window closes; a datagram is
// dropped and counted, as are those that the kernel dropped before.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string_view>

#include "base/metrics.h"
#include "base/result.h"
#include "http/server.h"

namespace peering::feeds {

struct SyslogSettings {
  std::size_t connections_max = 1000;
  /// Of the socket for datagrams; the kernel doubles it, and gives less when `net.core.rmem_max` says so.
  int datagram_buffer_bytes = 4 * 1024 * 1024;
  /// How long datagrams that were dropped are told by `dropped_lately`.
  std::chrono::milliseconds drops_told_for{300'000};
  /// Of a message that has begun, from the last byte that came.
  std::chrono::milliseconds partial_message_time{60'000};
};

/// Gets the content of each message, and its host: as the message says, else the sender's address. False: it
/// is full, and has taken nothing. Called by the listener's thread; must not block.
using SyslogSink = std::function<bool(std::string_view host, std::string_view content)>;

/// Inert until `listen`. Thread-safe.
class SyslogListener {
 public:
  /// `metrics` must outlive the listener.
  SyslogListener(SyslogSettings settings, SyslogSink sink, Metrics& metrics);
  ~SyslogListener();
  SyslogListener(const SyslogListener&) = delete;
  SyslogListener& operator=(const SyslogListener&) = delete;

  /// Binds both and begins to read; gives the address really bound (port 0: one that is free for both). Once.
  Result<http::Endpoint> listen(const http::Endpoint& endpoint);
  /// Datagrams that were dropped within `drops_told_for`, by the sink, which was full, or by the kernel. The
  /// kernel's are looked at once a second.
  std::uint64_t dropped_lately() const;
  /// Closes everything and joins; what was read whole is with the sink. Idempotent.
  void stop();

  struct State;  ///< of the implementation

 private:
  std::unique_ptr<State> state_;
};

}  // namespace peering::feeds
