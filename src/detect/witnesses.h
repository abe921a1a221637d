// Where and since when something was seen, in words.
#pragma once

#include <set>
#include <string>

#include "base/time.h"
#include "detect/sessions.h"

namespace peering::detect {

/// Who shows a route, an origin, a length: not thread-safe.
class Witnesses {
 public:
  void add(const rib::PeerKey& peer, TimePoint since);
  /// It was there earlier than its routes of now say.
  void since(TimePoint time);
  std::size_t peers() const { return sessions_.size(); }
  bool empty() const { return sessions_.empty(); }
  /// "seen at 5 peers of 2 routers since 2026-11-23T10:00:00Z". Two views of one session are one peer.
  std::string text() const;

 private:
  std::set<SessionKey> sessions_;
  std::set<std::string> routers_;
  TimePoint since_ = TimePoint::max();
};

}  // namespace peering::detect
