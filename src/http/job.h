// One request on its way through a handler, and its answer until the client has taken it.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>

#include "http/message.h"
#include "http/refusal.h"
#include "http/server_connection.h"

namespace peering::http {

/// Answers up to this size are no part of `Limits::answers_bytes_max`: every connection may have one.
inline constexpr std::size_t small_answer_bytes_max = 64 * 1024;

/// What a handler needs and gives, shared between a worker and the connection's strand. Large answers share a
/// budget from the moment they are made, as workers may make many before the strand sends the first.
class Job {
 public:
  explicit Job(std::shared_ptr<ServerShared> shared) : shared_(std::move(shared)) {}
  ~Job() { give_back_answer(); }
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;

  Request request;
  Response response;  ///< the worker's until `finished`
  std::atomic<bool> finished{false};

  /// Takes the answer, or says in its place that there is no room for it.
  void answer(Response made) {
    response = std::move(made);
    const std::size_t size = response.body.size();
    if (size <= small_answer_bytes_max) return;
    held_bytes_ = size;
    if (shared_->answers_bytes.fetch_add(size) + size <= shared_->limits.answers_bytes_max) return;
    give_back_answer();
    shared_->count_rejection("answers_bytes");
    response =
        error_response(503, "ServiceUnavailable", "Too many answers wait for their clients; try again.");
    response.headers.set("Retry-After", "1");
  }
  /// The client has it, or never will. Idempotent.
  void give_back_answer() { shared_->answers_bytes -= std::exchange(held_bytes_, 0); }

 private:
  const std::shared_ptr<ServerShared> shared_;
  std::size_t held_bytes_ = 0;
};

}  // namespace peering::http
