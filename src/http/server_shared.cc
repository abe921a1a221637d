#include <algorithm>
#include <string>

#include "http/addresses.h"
#include "http/server_connection.h"

namespace peering::http {

namespace {

// How many may come while those whose places they take are still on their way out.
constexpr std::size_t leaving_max = 64;

}  // namespace

ServerShared::ServerShared(Handler handler_given, QuickHandler at_once_given, Limits limits_given,
                           runtime::WorkerPool& pool, Metrics& registry,
                           std::weak_ptr<asio::io_context> context_given)
    : handler(std::move(handler_given)),
      at_once(std::move(at_once_given)),
      limits(limits_given),
      workers(pool),
      context(std::move(context_given)),
      bodies(limits.bodies_bytes_max,
             std::max(limits.body_bytes_max, limits.samples_body_bytes_max) + 2 * body_piece_bytes_max),
      metrics_(registry),
      seconds_(registry.histogram("peering_http_request_seconds",
                                  "Seconds from the whole request to the response.",
                                  {0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10})),
      connections_now_(registry.gauge("peering_http_connections", "Open HTTP connections.")) {}

void ServerShared::count_request(Method method, int status, double seconds) {
  auto& slot = requests_[static_cast<std::size_t>(method)][static_cast<std::size_t>(status) % statuses];
  Counter* counter = slot.load(std::memory_order_acquire);
  if (!counter) {
    counter =
        &metrics_.counter("peering_http_requests_total", "HTTP requests answered.",
                          {{"method", std::string(to_string(method))}, {"code", std::to_string(status)}});
    slot.store(counter, std::memory_order_release);
  }
  counter->add();
  seconds_.observe(seconds);
}

void ServerShared::count_rejection(std::string_view reason) {
  metrics_
      .counter("peering_http_rejected_total", "Requests and connections refused by a limit.",
               {{"reason", std::string(reason)}})
      .add();
}

std::optional<std::string_view> ServerShared::admit(const net::Address& client) {
  std::unique_lock lock(mutex_);
  const net::Address key = client_of(client);
  const auto found = clients_.find(key);
  if (found != clients_.end() && found->second >= limits.connections_per_client_max) {
    return "connections_per_client";
  }
  const bool full = connections_ >= limits.connections_max;
  if (full && (waiting_.empty() || connections_ >= limits.connections_max + leaving_max)) {
    return "connections";
  }
  ++clients_[key];
  connections_now_.set(static_cast<double>(++connections_));
  if (!full) return std::nullopt;
  const auto [ticket, longest] = *waiting_.begin();
  waiting_.erase(waiting_.begin());
  lock.unlock();
  // Not under the lock: the connection may end right here, and says so.
  if (const auto connection = longest.lock()) connection->make_room(ticket);
  return std::nullopt;
}

bool ServerShared::is_crowded() {
  const std::lock_guard lock(mutex_);
  return connections_ >= limits.connections_max + leaving_max / 2;
}

void ServerShared::release(const net::Address& client) {
  const std::lock_guard lock(mutex_);
  const auto found = clients_.find(client_of(client));
  if (--found->second == 0) clients_.erase(found);
  connections_now_.set(static_cast<double>(--connections_));
}

void ServerShared::enter(std::weak_ptr<Interruptible> connection) {
  const std::lock_guard lock(mutex_);
  open_.insert(std::move(connection));
}

void ServerShared::leave(const std::weak_ptr<Interruptible>& connection) {
  const std::lock_guard lock(mutex_);
  open_.erase(connection);
}

std::uint64_t ServerShared::begin_waiting(std::weak_ptr<Interruptible> connection) {
  const std::lock_guard lock(mutex_);
  waiting_.emplace_hint(waiting_.end(), ++last_ticket_, std::move(connection));
  return last_ticket_;
}

void ServerShared::stop_waiting(std::uint64_t ticket) {
  const std::lock_guard lock(mutex_);
  waiting_.erase(ticket);
}

std::vector<std::shared_ptr<Interruptible>> ServerShared::open_connections() {
  std::vector<std::shared_ptr<Interruptible>> out;
  const std::lock_guard lock(mutex_);
  for (const auto& each : open_) {
    if (auto connection = each.lock()) out.push_back(std::move(connection));
  }
  return out;
}

std::size_t ServerShared::connections() {
  const std::lock_guard lock(mutex_);
  return connections_;
}

}  // namespace peering::http
