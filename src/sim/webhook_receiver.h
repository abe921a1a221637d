// A receiver of webhooks: takes what is posted to it and says whether the signature is right.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/metrics.h"
#include "base/time.h"
#include "http/server.h"
#include "runtime/worker_pool.h"

namespace peering::sim {

/// Checks `Peering-Signature: t=<unix seconds>,v1=<hexadecimal HMAC-SHA-256>` of "<t>.<body>". Errors: why it
/// is not accepted. A time more than `tolerance` away from `at` is refused, so that nobody can replay.
Result<void> check_signature(std::string_view header, std::string_view body, std::string_view secret,
                             TimePoint at, std::chrono::seconds tolerance = std::chrono::minutes(5));

/// A body that came, parsed.
struct ReceivedWebhook {
  TimePoint at{};
  json::value body;
  std::string signature_problem;  ///< empty: the signature was right
};

/// Listens on loopback. Thread-safe.
class WebhookReceiver {
 public:
  explicit WebhookReceiver(std::string secret);
  ~WebhookReceiver();
  WebhookReceiver(const WebhookReceiver&) = delete;
  WebhookReceiver& operator=(const WebhookReceiver&) = delete;

  /// The address to register: "http://127.0.0.1:PORT/alerts".
  Result<std::string> start();
  std::vector<ReceivedWebhook> received() const;

 private:
  http::Response take(const http::Request& request);

  const std::string secret_;
  mutable std::mutex mutex_;
  std::vector<ReceivedWebhook> received_;
  Metrics metrics_;
  runtime::WorkerPool workers_{1, 64};
  std::unique_ptr<http::Server> server_;
};

}  // namespace peering::sim
