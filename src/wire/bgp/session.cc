#include "wire/bgp/session.h"

#include <algorithm>

namespace peering::wire::bgp {

namespace {

bool offers(const Open& open, FamilyId family, bool Open::AddPath::* direction) {
  return std::ranges::any_of(
      open.add_path, [&](const Open::AddPath& entry) { return entry.family == family && entry.*direction; });
}

bool add_path_agreed(const Open& sender, const Open& receiver, FamilyId family) {
  return offers(sender, family, &Open::AddPath::can_send) &&
         offers(receiver, family, &Open::AddPath::can_receive);
}

}  // namespace

SessionFacts agreed_facts(const Open& sender, const Open& receiver) {
  SessionFacts out;
  out.four_octet_asn = sender.four_octet_asn && receiver.four_octet_asn;
  out.add_path_ipv4 = add_path_agreed(sender, receiver, ipv4_unicast);
  out.add_path_ipv6 = add_path_agreed(sender, receiver, ipv6_unicast);
  return out;
}

}  // namespace peering::wire::bgp
