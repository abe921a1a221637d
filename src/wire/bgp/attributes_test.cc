#include "wire/bgp/attributes.h"

#include <gtest/gtest.h>

namespace peering::wire::bgp {
namespace {

constexpr std::uint8_t optional = 0x80, transitive = 0x40, extended_length = 0x10;

// What the RFCs say of the length of an attribute whose value may be anything.
struct LengthRule {
  AttributeCode code;
  std::uint8_t flags;
  std::size_t bytes;  ///< of the value, or of each entry of a list that must have one
  bool list = false;

  bool allows(std::size_t length) const {
    return list ? length != 0 && length % bytes == 0 : length == bytes;
  }
};

constexpr LengthRule length_rules[] = {
    {AttributeCode::multi_exit_disc, optional, 4},                                // RFC 7606 section 7.4
    {AttributeCode::local_pref, transitive, 4},                                   // 7.5
    {AttributeCode::atomic_aggregate, transitive, 0},                             // 7.6
    {AttributeCode::communities, optional | transitive, 4, true},                 // 7.8
    {AttributeCode::originator_id, optional, 4},                                  // 7.9
    {AttributeCode::cluster_list, optional, 4, true},                             // 7.10
    {AttributeCode::extended_communities, optional | transitive, 8, true},        // 7.14
    {AttributeCode::ipv6_extended_communities, optional | transitive, 20, true},  // 7.15
    {AttributeCode::large_communities, optional | transitive, 12, true},          // RFC 8092 section 6
    {AttributeCode::only_to_customer, optional | transitive, 4},                  // RFC 9234 section 5
};

TEST(ScanAttributes, TakesAValueOfEachLengthThatIsRightAndNoOther) {
  SessionFacts facts;
  facts.neighbor = Neighbor::internal;
  std::vector<std::uint8_t> field(4 + 0xffff, 0xa5);
  for (const LengthRule& rule : length_rules) {
    field[0] = rule.flags | extended_length;
    field[1] = static_cast<std::uint8_t>(rule.code);
    for (std::size_t length = 0; length <= 0xffff; ++length) {
      field[2] = static_cast<std::uint8_t>(length >> 8);
      field[3] = static_cast<std::uint8_t>(length);
      AttributeScan scan;
      scan_attributes(std::span(field).first(4 + length), facts, MpReachForm::whole, scan);
      ASSERT_EQ(scan.issues.empty(), rule.allows(length))
          << "type " << int(field[1]) << ", length " << length;
    }
  }
}

}  // namespace
}  // namespace peering::wire::bgp
