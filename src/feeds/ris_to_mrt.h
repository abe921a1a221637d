// What RIS Live says as MRT records: its peers' updates, written as BGP again, and their sessions as state
// changes. No files, sockets or clock.
//
// The service tells JSON of what it read, so the messages are like those that the peers sent and not their
// bytes: attributes that it does not tell are missing, and who has a role or is trusted is not MRT's to say.
// MRT does not name collectors: peers are told apart by their address.
#pragma once

#include "base/byte_cursor.h"
#include "wire/mrt/record.h"
#include "wire/ris/message.h"

namespace peering::feeds {

/// Owned by one thread.
class RisToMrt {
 public:
  /// Appends the records that follow from one message, as of `time`: none of one that tells nothing of
  /// routes.
  void take(const wire::ris::Message& message, TimePoint time, ByteWriter& out);
  /// Messages that had to be left out: attributes that fit into no UPDATE.
  std::uint64_t left_out() const { return left_out_; }

 private:
  void take_update(const wire::ris::Update& update, const wire::mrt::Session& session, TimePoint time,
                   ByteWriter& out);

  std::uint64_t left_out_ = 0;
};

}  // namespace peering::feeds
