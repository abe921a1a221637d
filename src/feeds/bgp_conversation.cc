#include "feeds/bgp_conversation.h"

#include <algorithm>

#include "base/byte_cursor.h"
#include "base/log.h"
#include "feeds/unicast_family.h"
#include "wire/bgp/notification.h"

namespace peering::feeds {

namespace {

using wire::bgp::FamilyId;

constexpr Microseconds complaint_every = std::chrono::seconds(10);

std::size_t index_of(net::Family family) { return family == net::Family::ipv4 ? 0 : 1; }

// RFC 4486 section 4: family and upper bound.
wire::bgp::Notification too_many_prefixes(std::size_t index, std::size_t limit) {
  auto out = wire::bgp::cease(wire::bgp::CeaseSubcode::maximum_number_of_prefixes);
  ByteWriter data;
  data.u16(index == 0 ? 1 : 2);
  data.u8(1);
  data.u32(static_cast<std::uint32_t>(limit));
  out.data = std::move(data).take();
  return out;
}

// What the neighbor is to us, from what we are to it.
rib::PeerRole role_of(const BgpNeighbor& neighbor) {
  if (!neighbor.role) return rib::PeerRole::unknown;
  switch (*neighbor.role) {
    case wire::bgp::Role::provider:
      return rib::PeerRole::customer;
    case wire::bgp::Role::route_server:
      return rib::PeerRole::route_server_client;
    case wire::bgp::Role::route_server_client:
      return rib::PeerRole::route_server;
    case wire::bgp::Role::customer:
      return rib::PeerRole::provider;
    case wire::bgp::Role::peer:
      return rib::PeerRole::peer;
  }
  return rib::PeerRole::unknown;
}

}  // namespace

BgpConversation::BgpConversation(const BgpNeighbor& neighbor, PeerRegistry& peers, BgpMetrics& metrics)
    : neighbor_(neighbor), router_(neighbor.shown_name()), registry_(peers), metrics_(metrics) {}

Result<rib::PeerPointer> BgpConversation::peer(const net::Address& bgp_identifier) const {
  const auto made = registry_.peer({router_, 0, neighbor_.address, rib::RibKind::adj_rib_in_pre_policy},
                                   neighbor_.asn, bgp_identifier, neighbor_.address);
  if (!made) return tl::unexpected(made.error());
  return rib::with_role(**made, role_of(neighbor_));
}

void BgpConversation::up(const wire::bgp::SessionUp& session, TimePoint at, std::vector<ShardMessage>& out) {
  const auto made = peer(session.peer.bgp_identifier);
  if (!made) return log::error("BGP neighbor {}: {}", router_, made.error().message);
  metrics_.unknown_capabilities.add(static_cast<double>(session.peer.other_capabilities.size()));
  log::info("BGP session with {} (AS{}, identifier {}) is established{}", router_, neighbor_.asn,
            session.peer.bgp_identifier.to_string(), session.resumes ? ", after a graceful restart" : "");
  const rib::PeerPointer kept = std::exchange(restarts_, nullptr);
  if (kept && !session.resumes) {
    out.push_back(PeerDown{kept, at, "the neighbor restarted without keeping its routes"});
  }
  if (!std::exchange(router_known_, true)) out.push_back(RouterUp{router_, at});
  peer_ = *made;
  paths_ = {};
  facts_ = session.agreement.facts;
  restarts_gracefully_ = session.peer.graceful_restart.has_value();
  awaited_.clear();
  for (const FamilyId family : session.agreement.families) {
    if (unicast_family(family)) awaited_.push_back(family);
  }
  out.push_back(PeerUp{peer_, at});
}

void BgpConversation::down(const wire::bgp::SessionDown& session, TimePoint at,
                           std::vector<ShardMessage>& out) {
  if (!peer_) return;
  log::info(
      "BGP session with {} ended: {}{}", router_, session.reason,
      session.keep_routes_s ? fmt::format("; its routes are kept for {} s", *session.keep_routes_s) : "");
  const rib::PeerPointer lost = std::exchange(peer_, nullptr);
  for (auto& prefixes : prefixes_) prefixes = {};
  for (auto& prefixes : repeated_) prefixes = {};
  repeating_ = {};
  paths_ = {};
  if (!session.keep_routes_s) {
    out.push_back(PeerDown{lost, at, session.reason});
    return;
  }
  restarts_ = lost;
  router_known_ = false;
  out.push_back(RouterDown{router_, at, session.reason, true, std::chrono::seconds(*session.keep_routes_s)});
}

// The family of which the neighbour has too many with these. What a record withdraws goes before what it
// announces.
std::optional<std::size_t> BgpConversation::family_over_limit(const rib::RouteBurst& burst) {
  std::optional<std::size_t> over;
  burst.for_each([&](const rib::PeerPointer&, const rib::PackedRoutes& routes) {
    const std::size_t index = index_of(routes.family);
    auto &known = prefixes_[index], &repeated = repeated_[index];
    rib::for_each_bits(routes.withdrawn, routes.family, [&](const rib::PrefixBits& bits) {
      known.erase(to_prefix(bits));
      if (repeating_[index]) repeated.erase(to_prefix(bits));
    });
    rib::for_each_bits(routes.announced, routes.family, [&](const rib::PrefixBits& bits) {
      if (known.size() > neighbor_.prefixes_max) return;
      known.insert(to_prefix(bits));
      if (repeating_[index]) repeated.insert(to_prefix(bits));
    });
    if (known.size() > neighbor_.prefixes_max) over = index;
  });
  return over;
}

void BgpConversation::forget(TimePoint at, std::string_view reason, bool for_good,
                             std::vector<ShardMessage>& out) {
  rib::PeerPointer gone = std::exchange(restarts_, nullptr);
  if (peer_) gone = std::exchange(peer_, nullptr);
  if (!gone && for_good) gone = peer(net::Address()).value_or(nullptr);
  if (gone) out.push_back(PeerDown{gone, at, std::string(reason), false, for_good});
}

std::optional<wire::bgp::Notification> BgpConversation::routes(const wire::bgp::UpdateScan& update,
                                                               TimePoint at, std::vector<ShardMessage>& out) {
  metrics_.updates.add();
  if (!peer_) return std::nullopt;
  if (const auto& issues = update.attributes.issues; !issues.empty()) {
    metrics_.faults(issues);
    complain(issues.front(), at);
  }
  metrics_.other_families.count(update.other_families);
  const RouteCount count = count_routes(update);
  if (count.announced > 0) metrics_.announced.add(static_cast<double>(count.announced));
  if (count.withdrawn > 0) metrics_.withdrawn.add(static_cast<double>(count.withdrawn));
  const rib::UpdateSource source{peer_, at, &paths_, std::nullopt};
  const std::uint64_t forgotten = paths_.forgotten();
  if (neighbor_.prefixes_max == 0) {
    push_update(update, facts_, source, out);
  } else {
    judged_.clear();
    append_update(update, facts_, source, judged_);
    if (const auto family = family_over_limit(judged_)) {
      return too_many_prefixes(*family, neighbor_.prefixes_max);
    }
    push_burst(judged_, at, out);
  }
  count_forgotten_paths(source, forgotten, metrics_.forgotten_paths);
  if (update.end_of_rib) end_of_rib(*update.end_of_rib, at, out);
  return std::nullopt;
}

void BgpConversation::end_of_rib(FamilyId family, TimePoint at, std::vector<ShardMessage>& out) {
  const auto known = unicast_family(family);
  if (!known) return;
  std::erase(awaited_, family);
  // What is being repeated is stale for the time being, and not to be swept yet.
  const bool repeats = repeating_[0] || repeating_[1];
  out.push_back(EndOfRib{peer_, *known, awaited_.empty() && !repeats, at});
}

bool BgpConversation::repeats(FamilyId family) const {
  const auto known = unicast_family(family);
  return known && repeating_[index_of(*known)];
}

void BgpConversation::repeat(const wire::bgp::RouteRefresh& marker, TimePoint at,
                             std::vector<ShardMessage>& out) {
  const auto family = unicast_family(marker.family);
  if (!peer_ || !family) return;
  const std::size_t index = index_of(*family);
  const bool begins = marker.subtype == 1;
  // RFC 7313 section 4: not before the End-of-RIB of who restarts gracefully; no end without a beginning.
  if (begins ? restarts_gracefully_ && !awaited_.empty() : !repeating_[index]) return;
  repeating_[index] = begins;
  if (begins) {
    paths_.begin_repeat(*family);
    repeated_[index].clear();
  } else {
    // Of several paths one that was not repeated may have been shown last.
    rib::RouteBatch gone{peer_, at, nullptr, {}, paths_.end_repeat(*family)};
    if (!gone.withdrawn.empty()) push_batch(gone, out);
    for (const net::Prefix& prefix : gone.withdrawn) repeated_[index].erase(prefix);
    prefixes_[index] = std::exchange(repeated_[index], {});
  }
  out.push_back(RoutesRepeat{peer_, *family, begins, at});
}

void BgpConversation::complain(const wire::bgp::Issue& issue, TimePoint at) {
  if (at < next_complaint_) {
    ++unsaid_;
    return;
  }
  next_complaint_ = at + complaint_every;
  log::warning("BGP UPDATE of {}: {} (attribute {}, {}); {} like it not shown", router_, issue.reason,
               issue.attribute, to_string(issue.outcome), unsaid_);
  unsaid_ = 0;
}

}  // namespace peering::feeds
