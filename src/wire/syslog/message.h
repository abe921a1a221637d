// Syslog messages of RFC 3164 and RFC 5424, as datagrams and framed in a stream (RFC 6587).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace peering::wire::syslog {

/// Longest message that is read, in bytes.
inline constexpr std::size_t message_bytes_max = 64UL * 1024;

/// Points into the bytes it was read from.
struct Message {
  /// 0 to 191 (RFC 5424 section 6.2.1); user.notice when the sender gave none (RFC 3164 section 4.3.3).
  std::uint8_t priority = 13;
  /// Of RFC 5424. Times of RFC 3164 have neither year nor zone and are not read.
  std::optional<TimePoint> time;
  std::string_view host;         ///< empty when not given
  std::string_view application;  ///< APP-NAME, or the tag without a process id; empty when not given
  std::string_view content;      ///< without byte order mark and line end
};

/// One datagram, or one frame of a stream. `corrupt` when it begins as RFC 5424 and goes on otherwise, has a
/// priority above 191, or is longer than `message_bytes_max`. What looks like neither RFC is all content.
Result<Message> parse(std::string_view bytes);

/// One message of a stream.
struct Frame {
  std::size_t used = 0;  ///< bytes of the stream that it took; 0: more must come first
  std::string_view message;
};

/// The first message of a stream's bytes: by octet counting where it begins with a digit (RFC 6587 section
/// 3.4.1), else up to a line feed (3.4.2). `corrupt` when a count is none or above `message_bytes_max`, or no
/// line feed comes within it: nothing after that can be read.
Result<Frame> next_frame(std::string_view bytes);

}  // namespace peering::wire::syslog
