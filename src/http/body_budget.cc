#include "http/body_budget.h"

#include <algorithm>

namespace peering::http {

BodyBudget::BodyBudget(std::size_t bytes_max, std::size_t body_bytes_max)
    : bytes_max_(bytes_max),
      shared_bytes_max_(bytes_max - std::min(body_bytes_max, bytes_max / 2)),
      client_bytes_max_(shared_bytes_max_ / 2) {}

void BodyBudget::begin(Share& share) {
  const std::lock_guard lock(mutex_);
  share.order = ++last_order_;
  reading_.insert(share.order);
  clients_[share.client].reading.insert(share.order);
}

bool BodyBudget::take(Share& share, std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  Client& client = clients_[share.client];
  const bool first_of_all = *reading_.begin() == share.order;
  const bool first_of_client = *client.reading.begin() == share.order;
  if (bytes_ + bytes > (first_of_all ? bytes_max_ : shared_bytes_max_)) return false;
  if (!first_of_client && client.bytes + bytes > client_bytes_max_) return false;
  bytes_ += bytes;
  client.bytes += bytes;
  share.bytes += bytes;
  return true;
}

void BodyBudget::settle(Share& share, std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  bytes_ += bytes - share.bytes;
  clients_[share.client].bytes += bytes - share.bytes;
  share.bytes = bytes;
}

void BodyBudget::end(Share& share) {
  const std::lock_guard lock(mutex_);
  if (share.order == 0) return;
  reading_.erase(share.order);
  clients_[share.client].reading.erase(share.order);
  share.order = 0;
  forget_if_idle(share.client);
}

void BodyBudget::release(Share& share) {
  end(share);
  if (share.bytes == 0) return;
  settle(share, 0);
  const std::lock_guard lock(mutex_);
  forget_if_idle(share.client);
}

std::size_t BodyBudget::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

void BodyBudget::forget_if_idle(const net::Address& client) {
  const auto found = clients_.find(client);
  if (found != clients_.end() && found->second.bytes == 0 && found->second.reading.empty()) {
    clients_.erase(found);
  }
}

}  // namespace peering::http
