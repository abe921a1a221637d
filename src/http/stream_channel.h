// Between those who write a streamed body and the connection that sends it: a bounded buffer and a way to
// wake the connection.
//
// The writers (any thread) hold a `BodySink`, the connection (its strand) the channel. Neither keeps the
// other alive: a sink may be held long after its connection, its server and its io_context are gone, and then
// only says false. A client that does not read is not waited for: more than `waiting_bytes_max` in the buffer
// ends the stream.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "http/message.h"

namespace peering::http {

/// Thread-safe.
class StreamChannel {
 public:
  static constexpr std::size_t waiting_bytes_max = 64 * 1024;

  /// `wake` is called from writers' threads, without a lock held, whenever there is something to take.
  explicit StreamChannel(std::function<void()> wake) : wake_(std::move(wake)) {}

  /// False, and nothing is taken, after `close` or `abandon`. A chunk that finds others waiting and would
  /// pass `waiting_bytes_max` with them ends the stream; a chunk alone may be larger.
  bool write(std::string chunk);
  /// No more will be written; what waits is still sent.
  void close();

  struct Piece {
    std::string bytes;
    bool ended = false;      ///< nothing comes after `bytes`
    bool abandoned = false;  ///< the client was too slow: end the connection, not the body
  };
  /// Everything that waits. For the connection.
  Piece take();
  /// The client is gone: writers hear it with their next chunk.
  void abandon();

 private:
  const std::function<void()> wake_;
  std::mutex mutex_;
  std::string waiting_;
  bool ended_ = false, abandoned_ = false;
};

/// The writers' end. When the last one lets go of it the body ends as by `close`.
std::shared_ptr<BodySink> make_sink(std::shared_ptr<StreamChannel> channel);

}  // namespace peering::http
