// One request of samples, sent until the server has taken it: with an idempotency key a retry counts once.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "http/client.h"

namespace peering::sim {

/// POST /telemetry/samples.
struct SamplePost {
  std::string url;
  std::string token;
  std::string content_type = "application/x-ndjson";
  std::string content_encoding;  ///< gzip, zstd or empty
  std::string idempotency_key;
  std::string body;
};

/// What the server did with the samples.
struct PostAnswer {
  std::uint64_t accepted = 0, rejected = 0, unmatched = 0;
  json::array errors;
  friend bool operator==(const PostAnswer&, const PostAnswer&) = default;
};

struct RetryPolicy {
  int attempts_max = 8;
  std::chrono::milliseconds first_pause{200};
  std::chrono::milliseconds pause_max{10000};
};

/// Waits; false ends the attempts.
using Pause = std::function<bool(std::chrono::milliseconds)>;

/// The last answer. Tries again when the connection breaks and after 429, 503 and 507, as long as
/// `Retry-After` says or with growing pauses. Errors: the last one of the connection.
Result<http::Response> post_samples(http::Client& client, const SamplePost& post, const RetryPolicy& policy,
                                    const Pause& pause);

/// Reads the body of a 202.
PostAnswer read_post_answer(const http::Response& response);

}  // namespace peering::sim
