#include "sim/sample_post.h"

#include <algorithm>
#include <charconv>

namespace peering::sim {

namespace {

http::ClientRequest request_of(const SamplePost& post) {
  http::ClientRequest out;
  out.method = http::Method::post;
  out.url = post.url;
  out.body = post.body;
  out.headers.set("Content-Type", post.content_type);
  if (!post.content_encoding.empty()) out.headers.set("Content-Encoding", post.content_encoding);
  if (!post.token.empty()) out.headers.set("Authorization", "Bearer " + post.token);
  if (!post.idempotency_key.empty()) out.headers.set("Idempotency-Key", post.idempotency_key);
  return out;
}

bool try_again_later(int status) { return status == 429 || status == 503 || status == 507; }

std::chrono::milliseconds asked_pause(const http::Response& response, std::chrono::milliseconds otherwise) {
  const auto text = response.headers.get("Retry-After");
  if (!text) return otherwise;
  int seconds = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), seconds);
  if (error != std::errc() || end != text->data() + text->size()) return otherwise;
  return std::chrono::seconds(std::clamp(seconds, 0, 3600));
}

std::uint64_t count_of(const json::value& body, std::string_view key) {
  const json::value* value = find(body, key);
  json::error_code wrong;
  return value && value->is_number() ? value->to_number<std::uint64_t>(wrong) : 0;
}

}  // namespace

Result<http::Response> post_samples(http::Client& client, const SamplePost& post, const RetryPolicy& policy,
                                    const Pause& pause) {
  const http::ClientRequest request = request_of(post);
  std::chrono::milliseconds wait = policy.first_pause;
  for (int attempt = 1;; ++attempt) {
    auto answer = client.send(request);
    if (answer && !try_again_later(answer->status)) return answer;
    if (attempt >= policy.attempts_max) return answer;
    const auto next = answer ? asked_pause(*answer, wait) : wait;
    if (!pause(std::min(next, policy.pause_max))) return answer;
    wait = std::min(wait * 2, policy.pause_max);
  }
}

PostAnswer read_post_answer(const http::Response& response) {
  const auto body = parse_json(response.body);
  if (!body) return {};
  PostAnswer out{count_of(*body, "accepted"), count_of(*body, "rejected"), count_of(*body, "unmatched"), {}};
  const json::value* errors = find(*body, "errors");
  if (errors && errors->is_array()) out.errors = errors->get_array();
  return out;
}

}  // namespace peering::sim
