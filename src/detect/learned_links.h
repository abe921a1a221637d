// Which ASes have been seen next to which origins, in routes that were as expected. A forged path has to put
// somebody there (the idea of DFOH, NSDI 2024): a link that such an origin never had speaks against the
// route, but new links are made every day, so that it speaks only beside something else.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/time.h"
#include "net/address.h"

namespace peering::detect {

/// Links that one detector remembers at most (12 bytes each); what comes then is not learned, and of an
/// origin without any nothing is said.
inline constexpr std::size_t learned_links_max = 262'144;
/// An origin is known for so long before a link counts as never seen: the routes of a table need time to
/// come.
inline constexpr Microseconds learning_time = std::chrono::hours(1);

/// Not thread-safe.
class LearnedLinks {
 public:
  /// `neighbor` stands next to `origin` in a route that is as expected. A link that is known stays as it is.
  void learn(net::Asn origin, net::Asn neighbor, TimePoint time);
  /// Some link of the origin has been known for `learning_time`, and this is none of its links.
  bool never_seen(net::Asn origin, net::Asn neighbor, TimePoint time) const;
  std::size_t size() const { return settled_.size() + recent_.size(); }

 private:
  struct Link {
    net::Asn origin = 0, neighbor = 0;
    std::uint32_t since_s = 0;  // since 1970
  };
  static bool before(const Link& a, const Link& b);
  static bool has(const std::vector<Link>& links, const Link& link);
  static std::span<const Link> of(const std::vector<Link>& links, net::Asn origin);
  void settle();

  // Both sorted by origin and neighbor; the second is short, so that putting one in moves little.
  std::vector<Link> settled_, recent_;
};

}  // namespace peering::detect
