// `[[rpki.caches]]`: RPKI data from caches over the RPKI-to-Router protocol.
//
// One thread keeps a connection to every cache and follows it (`wire/rtr/client.h`). The data in force is
// that of the connected, complete cache with the lowest preference number; when there is none, that of the
// lowest one whose data has not expired. So a failing cache is left at once and returned to as soon as it has
// given its data again. What changes is handed on whole; nobody is ever given half an answer.
//
// A data set of less than half the records in force waits for a second answer that says the same
// (`shrink_guard.h`), which is asked for after `confirm_after`.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/metrics.h"
#include "base/result.h"
#include "wire/rtr/client.h"

namespace peering::feeds {

struct RtrCache {
  std::string host;
  std::string port;
  int preference = 0;  ///< lower is better
};
/// "host:port", "[2001:db8::1]:8282". The error says what is wrong.
Result<RtrCache> parse_rtr_cache(std::string_view address);

struct RtrSettings {
  std::vector<RtrCache> caches;
  bool shrink_guard = true;
  std::chrono::milliseconds connect_time{10'000};
  std::chrono::milliseconds confirm_after{30'000};
  wire::rtr::ClientLimits limits;
};

/// What the cache in force says.
struct RtrData {
  std::string cache;  ///< "host:port"
  std::vector<wire::rtr::Vrp> vrps;
  std::vector<wire::rtr::Aspa> aspas;
};

/// One thread. Inert until `start`. `metrics` must outlive it.
class RtrClient {
 public:
  /// Called on the client's thread with all data whenever it changed; without value when there is none (any
  /// more).
  using Tell = std::function<void(std::optional<RtrData>)>;

  RtrClient(RtrSettings settings, Metrics& metrics, Tell tell);
  ~RtrClient();
  RtrClient(const RtrClient&) = delete;
  RtrClient& operator=(const RtrClient&) = delete;

  void start();
  /// Joins; `tell` is not called afterwards. Idempotent.
  void stop();

  struct State;  ///< of the implementation

 private:
  std::unique_ptr<State> state_;
};

}  // namespace peering::feeds
