#include "api/request_metrics.h"

#include <string>

namespace peering::api {

void RequestMetrics::count(std::string_view operation, int status, std::chrono::steady_clock::duration took) {
  const Entry entry = entry_of(operation, status);
  entry.answered->add();
  entry.seconds->observe(std::chrono::duration<double>(took).count());
}

RequestMetrics::Entry RequestMetrics::entry_of(std::string_view operation, int status) {
  const std::lock_guard lock(mutex_);
  const auto known = entries_.find({operation, status});
  if (known != entries_.end()) return known->second;
  const std::string label(operation);
  const Entry made{
      &metrics_.counter("peering_api_requests_total", "Requests answered, by operation and status.",
                        {{"operation", label}, {"status", std::to_string(status)}}),
      &metrics_.histogram("peering_api_request_seconds", "Seconds to answer a request.",
                          {0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10}, {{"operation", label}})};
  return entries_.emplace(std::pair(operation, status), made).first->second;
}

}  // namespace peering::api
