#include "detect/witnesses.h"

#include <algorithm>

namespace peering::detect {

namespace {

std::string counted(std::size_t number, std::string_view word) {
  return fmt::format("{} {}{}", number, word, number == 1 ? "" : "s");
}

}  // namespace

void Witnesses::add(const rib::PeerKey& peer, TimePoint time) {
  sessions_.insert(session_of(peer));
  routers_.insert(peer.router);
  since(time);
}

void Witnesses::since(TimePoint time) { since_ = std::min(since_, time); }

std::string Witnesses::text() const {
  return fmt::format("seen at {} of {} since {}", counted(sessions_.size(), "peer"),
                     counted(routers_.size(), "router"), format_rfc3339(since_));
}

}  // namespace peering::detect
