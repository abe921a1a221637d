#include "feeds/bgp_conversation.h"

#include <algorithm>

#include "base/byte_cursor.h"
#include "base/log.h"
#include "wire/bgp/notification.h"

namespace peering::feeds {

namespace {

using wire::bgp::FamilyId;
using wire::bgp::Nlri;

constexpr Microseconds complaint_every = std::chrono::seconds(10);

std::optional<net::Family> unicast_family(FamilyId id) {
  if (id == wire::bgp::ipv4_unicast) return net::Family::ipv4;
  if (id == wire::bgp::ipv6_unicast) return net::Family::ipv6;
  return std::nullopt;
}

std::size_t index_of(const net::Prefix& prefix) { return prefix.address().is_v4() ? 0 : 1; }

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

}  // namespace

BgpConversation::BgpConversation(const BgpNeighbor& neighbor, PeerRegistry& peers, BgpMetrics& metrics)
    : neighbor_(neighbor), router_(neighbor.shown_name()), registry_(peers), metrics_(metrics) {}

void BgpConversation::up(const wire::bgp::SessionUp& session, TimePoint at, std::vector<ShardMessage>& out) {
  const auto peer = registry_.peer({router_, 0, neighbor_.address, rib::RibKind::adj_rib_in_pre_policy},
                                   neighbor_.asn, session.peer.bgp_identifier, neighbor_.address);
  if (!peer) return log::error("BGP neighbor {}: {}", router_, peer.error().message);
  metrics_.unknown_capabilities.add(static_cast<double>(session.peer.other_capabilities.size()));
  log::info("BGP session with {} (AS{}, identifier {}) is established{}", router_, neighbor_.asn,
            session.peer.bgp_identifier.to_string(), session.resumes ? ", after a graceful restart" : "");
  const rib::PeerPointer kept = std::exchange(restarts_, nullptr);
  if (kept && !session.resumes) {
    out.push_back(PeerDown{kept, at, "the neighbor restarted without keeping its routes"});
  }
  if (!std::exchange(router_known_, true)) out.push_back(RouterUp{router_, at});
  peer_ = *peer;
  paths_ = {};
  add_path_ = session.agreement.facts.add_path_ipv4 || session.agreement.facts.add_path_ipv6;
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
  const rib::PeerPointer peer = std::exchange(peer_, nullptr);
  for (auto& prefixes : prefixes_) prefixes = {};
  paths_ = {};
  if (!session.keep_routes_s) {
    out.push_back(PeerDown{peer, at, session.reason});
    return;
  }
  restarts_ = peer;
  router_known_ = false;
  out.push_back(RouterDown{router_, at, session.reason, true, std::chrono::seconds(*session.keep_routes_s)});
}

bool BgpConversation::count(const std::vector<Nlri>& announced) {
  for (const Nlri& route : announced) {
    auto& known = prefixes_[index_of(route.prefix)];
    known.insert(route.prefix);
    if (known.size() > neighbor_.prefixes_max) return false;
  }
  return true;
}

std::optional<wire::bgp::Notification> BgpConversation::routes(const wire::bgp::Update& update, TimePoint at,
                                                               std::vector<ShardMessage>& out) {
  metrics_.updates.add();
  if (!peer_) return std::nullopt;
  if (!update.issues.empty()) {
    metrics_.faults(update);
    complain(update, at);
  }
  if (update.other_family) metrics_.other_families.add();
  metrics_.announced.add(static_cast<double>(update.announced.size() + update.mp_announced.size()));
  metrics_.withdrawn.add(static_cast<double>(update.withdrawn.size() + update.mp_withdrawn.size()));
  std::vector<rib::RouteBatch> batches = batches_of(update, peer_, at, add_path_ ? &paths_ : nullptr);
  if (neighbor_.prefixes_max > 0) {
    for (const rib::RouteBatch& batch : batches) {
      for (const net::Prefix& prefix : batch.withdrawn) prefixes_[index_of(prefix)].erase(prefix);
    }
    if (!count(update.announced)) return too_many_prefixes(0, neighbor_.prefixes_max);
    if (!count(update.mp_announced)) {
      const std::size_t family = prefixes_[1].size() > neighbor_.prefixes_max ? 1 : 0;
      return too_many_prefixes(family, neighbor_.prefixes_max);
    }
  }
  for (rib::RouteBatch& batch : batches) out.push_back(std::move(batch));
  if (update.end_of_rib) end_of_rib(*update.end_of_rib, at, out);
  return std::nullopt;
}

void BgpConversation::end_of_rib(FamilyId family, TimePoint at, std::vector<ShardMessage>& out) {
  const auto known = unicast_family(family);
  if (!known) return;
  std::erase(awaited_, family);
  out.push_back(EndOfRib{peer_, *known, awaited_.empty(), at});
}

void BgpConversation::complain(const wire::bgp::Update& update, TimePoint at) {
  if (at < next_complaint_) {
    ++unsaid_;
    return;
  }
  next_complaint_ = at + complaint_every;
  const wire::bgp::Issue& issue = update.issues.front();
  log::warning("BGP UPDATE of {}: {} (attribute {}, {}); {} like it not shown", router_, issue.reason,
               issue.attribute, to_string(issue.outcome), unsaid_);
  unsaid_ = 0;
}

}  // namespace peering::feeds
