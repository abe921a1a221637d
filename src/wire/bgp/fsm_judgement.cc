// What is wrong with an OPEN or an UPDATE, in the words of a NOTIFICATION.
#include <algorithm>

#include "base/byte_cursor.h"
#include "wire/bgp/fsm.h"
#include "wire/bgp/prefixes.h"

namespace peering::wire::bgp {

namespace {

constexpr std::uint8_t open_error = 2, update_error = 3;

bool families_meet(const Open& peer, const Open& own) { return !agree(peer, own).families.empty(); }

// RFC 5492 section 5: the capabilities that we miss.
Notification missing_families(const Open& own) {
  ByteWriter data;
  for (const FamilyId family : families_of(own)) {
    data.u8(1);
    data.u8(4);
    data.u16(family.afi);
    data.u8(0);
    data.u8(family.safi);
  }
  return {open_error, 7, std::move(data).take()};
}

bool roles_are_good(const Open& peer, const FsmSettings& settings) {
  if (settings.open.roles.empty() || peer.asn == settings.open.asn) return true;
  if (peer.roles.empty()) return !settings.role_strict;
  const std::uint8_t role = peer.roles.front();
  const bool one = std::ranges::all_of(peer.roles, [&](std::uint8_t other) { return other == role; });
  return one && roles_fit(static_cast<Role>(settings.open.roles.front()), role);
}

// Every attribute of the code, whole; empty when the list cannot be walked.
std::vector<std::span<const std::uint8_t>> attributes_of(std::span<const std::uint8_t> body,
                                                         std::uint8_t wanted) {
  ByteReader reader(body);
  reader.skip(reader.u16());
  ByteReader list = reader.sub(reader.u16());
  std::vector<std::span<const std::uint8_t>> out;
  while (list.ok() && !list.empty()) {
    const auto from_here = list.rest();
    const bool long_length = (list.u8() & 0x10) != 0;
    const std::uint8_t code = list.u8();
    const std::size_t before = list.position();
    const std::size_t length = long_length ? list.u16() : list.u8();
    const std::size_t head = 2 + list.position() - before;
    list.skip(length);
    if (list.ok() && code == wanted) out.push_back(from_here.first(head + length));
  }
  return out;
}

// The fields of prefixes, when the lengths before them hold.
bool prefixes_are_good(std::span<const std::uint8_t> body, const SessionFacts& facts) {
  ByteReader reader(body);
  const auto withdrawn = reader.bytes(reader.u16());
  reader.skip(reader.u16());
  if (!reader.ok()) return true;  // another fault
  return count_prefixes(withdrawn, net::Family::ipv4, facts.add_path_ipv4).has_value() &&
         count_prefixes(reader.rest(), net::Family::ipv4, facts.add_path_ipv4).has_value();
}

}  // namespace

tl::expected<Open, Notification> judge_open(std::span<const std::uint8_t> body, const FsmSettings& settings) {
  const auto refuse = [](std::uint8_t subcode, std::vector<std::uint8_t> data = {}) {
    return tl::unexpected(Notification{open_error, subcode, std::move(data)});
  };
  if (!body.empty() && body[0] != 4) return refuse(1, {0, 4});
  auto open = decode_open(body);
  if (!open) return refuse(0);
  if (!open->other_parameters.empty()) return refuse(4);
  const bool no_asn = body[1] == 0 && body[2] == 0;  // RFC 7607, also in the field of two octets
  if (open->asn == 0 || no_asn || open->asn != settings.peer_asn) return refuse(2);
  if (open->hold_time_s == 1 || open->hold_time_s == 2) return refuse(6);
  const bool internal = open->asn == settings.open.asn;
  const bool own_identifier = internal && open->bgp_identifier == settings.open.bgp_identifier;
  if (open->bgp_identifier == net::Address::v4(0) || own_identifier) return refuse(3);
  if (!roles_are_good(*open, settings)) return refuse(11);
  if (!families_meet(*open, settings.open)) return tl::unexpected(missing_families(settings.open));
  return std::move(*open);
}

Notification update_notification(std::span<const std::uint8_t> body, std::span<const Issue> issues,
                                 const SessionFacts& facts) {
  constexpr std::uint8_t malformed_list = 1, not_recognized = 2, optional_error = 9, network_field = 10;
  const auto worst = std::ranges::find(issues, Outcome::reset_session, &Issue::outcome);
  if (worst == issues.end() || worst->attribute == 0) {
    return {update_error, prefixes_are_good(body, facts) ? malformed_list : network_field};
  }
  const auto found = attributes_of(body, worst->attribute);
  if (found.size() != 1) return {update_error, malformed_list};
  const bool multiprotocol = worst->attribute == 14 || worst->attribute == 15;
  return {update_error, multiprotocol ? optional_error : not_recognized, {found[0].begin(), found[0].end()}};
}

}  // namespace peering::wire::bgp
