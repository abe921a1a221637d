// The body of an UPDATE from any bytes. The first byte chooses the session's facts. What is read without a
// fault is written again and must read the same.
#include "base/check.h"
#include "wire/bgp/update.h"

namespace bgp = peering::wire::bgp;

namespace {

bgp::SessionFacts facts_of(std::uint8_t bits) {
  bgp::SessionFacts out{(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0, (bits & 8) != 0};
  if ((bits & 16) != 0) out.neighbor = bgp::Neighbor::external;
  if ((bits & 32) != 0) out.neighbor = bgp::Neighbor::internal;
  out.extended_next_hop = (bits & 64) == 0;
  out.add_path_multicast = (bits & 128) == 0;
  return out;
}

void check_round_trip(const bgp::Update& update, const bgp::SessionFacts& facts) {
  const auto encoded = bgp::encode_update(update, facts);
  if (!encoded) return;  // too long for a message
  const auto message = bgp::decode_message(*encoded);
  PEERING_CHECK(message);
  const bgp::Update again = bgp::decode_update(message->body, facts);
  PEERING_CHECK(again.issues.empty());
  PEERING_CHECK(again.announced == update.announced && again.withdrawn == update.withdrawn);
  PEERING_CHECK(again.mp_announced == update.mp_announced && again.mp_withdrawn == update.mp_withdrawn);
  PEERING_CHECK(update.mp_announced.empty() ||
                (again.mp_next_hop == update.mp_next_hop &&
                 again.mp_link_local_next_hop == update.mp_link_local_next_hop));
  if (update.announced.empty() && update.mp_announced.empty()) return;
  PEERING_CHECK(again.attributes.as_path.asns == update.attributes.as_path.asns);
  PEERING_CHECK(!facts.four_octet_asn || again.attributes == update.attributes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const bgp::SessionFacts facts = facts_of(data[0]);
  const bgp::Update update = bgp::decode_update({data + 1, size - 1}, facts);
  const auto outcome = update.outcome();
  if (outcome == bgp::Outcome::treat_as_withdraw || outcome == bgp::Outcome::reset_session) {
    PEERING_CHECK(update.announced.empty() && update.mp_announced.empty());
  }
  if (!outcome) check_round_trip(update, facts);
  return 0;
}
