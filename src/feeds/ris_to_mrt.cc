#include "feeds/ris_to_mrt.h"

#include <array>
#include <span>

#include "wire/bgp/update.h"
#include "wire/mrt/encode.h"

namespace peering::feeds {

namespace {

namespace bgp = wire::bgp;
namespace mrt = wire::mrt;
namespace ris = wire::ris;

constexpr std::uint16_t session_idle = 1, session_established = 6;  // RFC 4271 section 8.2.2
// So that the prefixes of one message take at most half of the 4,096 bytes that every reader takes.
constexpr std::size_t prefixes_together_max = 120;

mrt::Session session_of_peer(const ris::Message& message) {
  mrt::Session out;
  out.peer_asn = message.peer_asn;
  out.peer_address = message.peer;
  out.local_address =
      message.peer.is_v4() ? net::Address::v4(0U) : net::Address::v6(std::array<std::uint8_t, 16>{});
  return out;
}

// Calls `visit` with prefixes of one family, some at a time.
template <class Visit>
void in_parts(const std::vector<net::Prefix>& prefixes, Visit&& visit) {
  for (const net::Family family : {net::Family::ipv4, net::Family::ipv6}) {
    std::vector<bgp::Nlri> part;
    const auto give = [&] {
      if (!part.empty()) visit(family, std::move(part));
      part.clear();
    };
    for (const net::Prefix& prefix : prefixes) {
      if (prefix.family() != family) continue;
      part.push_back({prefix, 0});
      if (part.size() == prefixes_together_max) give();
    }
    give();
  }
}

}  // namespace

// Withdrawals first: a prefix in both lists is announced (RFC 4271 section 3.1).
void RisToMrt::take_update(const ris::Update& update, const mrt::Session& session, TimePoint time,
                           ByteWriter& out) {
  const auto write = [&](const bgp::Update& part) {
    const auto message = bgp::encode_update(part, {});
    if (!message || !mrt::append_message(time, session, {}, *message, out)) ++left_out_;
  };
  in_parts(update.withdrawals, [&](net::Family family, std::vector<bgp::Nlri> prefixes) {
    bgp::Update part;
    (family == net::Family::ipv4 ? part.withdrawn : part.mp_withdrawn) = std::move(prefixes);
    write(part);
  });
  for (const ris::Announcement& announcement : update.announcements) {
    in_parts(announcement.prefixes, [&](net::Family family, std::vector<bgp::Nlri> prefixes) {
      bgp::Update part;
      part.attributes = update.attributes;
      const auto& next_hop = announcement.next_hop;
      if (family == net::Family::ipv4 && next_hop && next_hop->is_v4()) {
        part.attributes.next_hop = next_hop;
        part.announced = std::move(prefixes);
      } else {  // of IPv4 too where the next hop is IPv6 (RFC 8950)
        part.mp_next_hop = next_hop.value_or(session.peer_address);
        part.mp_announced = std::move(prefixes);
      }
      write(part);
    });
  }
}

void RisToMrt::take(const ris::Message& message, TimePoint time, ByteWriter& out) {
  const mrt::Session session = session_of_peer(message);
  if (const auto* update = std::get_if<ris::Update>(&message.body)) {
    take_update(*update, session, time, out);
  } else if (const auto* state = std::get_if<ris::PeerState>(&message.body)) {
    const mrt::StateChange change{session, state->up ? session_idle : session_established,
                                  state->up ? session_established : session_idle};
    if (!mrt::append_state_change(time, change, out)) ++left_out_;
  }
}

}  // namespace peering::feeds
