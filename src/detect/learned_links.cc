#include "detect/learned_links.h"

#include <algorithm>
#include <iterator>
#include <tuple>

namespace peering::detect {

namespace {

constexpr std::size_t recent_links_max = 2'048;

std::int64_t seconds(TimePoint time) { return to_us(time) / 1'000'000; }

}  // namespace

bool LearnedLinks::before(const Link& a, const Link& b) {
  return std::tie(a.origin, a.neighbor) < std::tie(b.origin, b.neighbor);
}

bool LearnedLinks::has(const std::vector<Link>& links, const Link& link) {
  return std::binary_search(links.begin(), links.end(), link, before);
}

std::span<const LearnedLinks::Link> LearnedLinks::of(const std::vector<Link>& links, net::Asn origin) {
  const auto found = std::ranges::equal_range(links, origin, {}, &Link::origin);
  return {found.begin(), found.end()};
}

void LearnedLinks::learn(net::Asn origin, net::Asn neighbor, TimePoint time) {
  const Link link{origin, neighbor,
                  static_cast<std::uint32_t>(std::clamp<std::int64_t>(seconds(time), 0, UINT32_MAX))};
  if (has(settled_, link)) return;
  const auto at = std::lower_bound(recent_.begin(), recent_.end(), link, before);
  if (at != recent_.end() && !before(link, *at)) return;
  if (size() >= learned_links_max) return;
  recent_.insert(at, link);
  if (recent_.size() >= recent_links_max) settle();
}

void LearnedLinks::settle() {
  std::vector<Link> together;
  together.reserve(size());
  std::ranges::merge(settled_, recent_, std::back_inserter(together), before);
  settled_ = std::move(together);
  recent_.clear();
}

bool LearnedLinks::never_seen(net::Asn origin, net::Asn neighbor, TimePoint time) const {
  const Link link{origin, neighbor, 0};
  if (has(settled_, link) || has(recent_, link)) return false;
  const auto long_known = [&](const Link& known) {
    return time_from_us(known.since_s * std::int64_t{1'000'000}) + learning_time <= time;
  };
  return std::ranges::any_of(of(settled_, origin), long_known) ||
         std::ranges::any_of(of(recent_, origin), long_known);
}

}  // namespace peering::detect
