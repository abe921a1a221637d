// What a BGP neighbour says as MRT records: its UPDATEs as they were received, those that are malformed too,
// and what became of its session. No files, sockets or clock.
//
// MRT's reader learns from a record's subtype how its message is to be read (`message_form`).
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "base/byte_cursor.h"
#include "base/time.h"
#include "wire/bgp/update.h"
#include "wire/mrt/encode.h"

namespace peering::feeds {

/// How a BGP message of a session is to be read. `body`: what follows its header, of an UPDATE. One record
/// says for all routes whether they have path identifiers: where only one family has them, the message's own.
wire::mrt::MessageForm message_form(std::span<const std::uint8_t> body, const wire::bgp::SessionFacts& facts);

/// One neighbour. Owned by one thread.
class BgpToMrt {
 public:
  /// The session is established, with the facts of what the neighbour sends.
  void up(const wire::mrt::Session& session, const wire::bgp::SessionFacts& facts, TimePoint at);
  /// A whole message of the session that is up; all but UPDATEs are left out.
  void take(std::span<const std::uint8_t> message, TimePoint at);
  /// The session ended.
  void down(TimePoint at);

  bool is_up() const { return up_.has_value(); }
  /// The records since the last call; empty when there are none.
  std::vector<std::uint8_t> records();
  /// Records that had to be left out: the session's two addresses are not of one family.
  std::uint64_t left_out() const { return left_out_; }

 private:
  struct Up {
    wire::mrt::Session session;
    wire::bgp::SessionFacts facts;
  };
  void change_state(std::uint16_t from, std::uint16_t to, TimePoint at);

  std::optional<Up> up_;
  ByteWriter out_;
  std::uint64_t left_out_ = 0;
};

}  // namespace peering::feeds
