#include "rib/packed_attributes.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "rib/attribute_pool.h"
#include "rib/update_routes.h"
#include "wire/bgp/update_scan.h"

namespace peering::rib {
namespace {

using wire::bgp::PathAttributes;

std::vector<std::uint8_t> packed(const PathAttributes& attributes) {
  std::vector<std::uint8_t> out;
  pack_attributes(attributes, out);
  return out;
}

template <class T>
std::vector<T> some(std::size_t max) {
  return *rc::gen::resize(static_cast<int>(max), rc::gen::container<std::vector<T>>(rc::gen::arbitrary<T>()));
}

PathAttributes any_attributes(bool ipv6_next_hop) {
  PathAttributes out;
  out.origin = static_cast<wire::bgp::Origin>(*rc::gen::inRange(0, 3));
  for (int segment = *rc::gen::inRange(0, 4); segment > 0; --segment) {
    auto asns = some<net::Asn>(6);
    if (asns.empty()) asns.push_back(1);
    for (net::Asn& asn : asns) asn = std::max<net::Asn>(asn, 1);
    out.as_path.segments.push_back({static_cast<wire::bgp::SegmentType>(*rc::gen::inRange(1, 3)),
                                    static_cast<std::uint16_t>(asns.size())});
    out.as_path.asns.insert(out.as_path.asns.end(), asns.begin(), asns.end());
  }
  out.next_hop = net::Address::v4(0xC0000201);
  if (ipv6_next_hop) out.next_hop = net::Address::parse("2001:db8::1").value();
  const auto maybe = [] { return *rc::gen::inRange(0, 2) == 1; };
  if (maybe()) out.multi_exit_disc = *rc::gen::arbitrary<std::uint32_t>();
  if (maybe()) out.local_pref = *rc::gen::arbitrary<std::uint32_t>();
  out.atomic_aggregate = maybe();
  if (maybe()) out.aggregator = {*rc::gen::inRange<net::Asn>(1, 70000), net::Address::v4(0xC0000203)};
  out.communities = some<std::uint32_t>(100);
  out.extended_communities = some<std::uint64_t>(20);
  for (const std::uint32_t number : some<std::uint32_t>(8)) out.large_communities.push_back({number, 2, 3});
  if (maybe()) out.only_to_customer = *rc::gen::inRange<net::Asn>(1, 70000);
  return out;
}

RC_GTEST_PROP(PackedAttributesProperty, ComeBackAsTheyWere, ()) {
  const PathAttributes attributes = any_attributes(*rc::gen::inRange(0, 2) == 1);
  RC_ASSERT(unpack_attributes(packed(attributes)) == attributes);
}

// What a message says, packed without decoding, is what its values pack to.
RC_GTEST_PROP(PackedAttributesProperty, AreTheSameFromBytesAndFromValues, ()) {
  wire::bgp::SessionFacts facts;
  facts.four_octet_asn = *rc::gen::inRange(0, 2) == 1;
  wire::bgp::Update update;
  update.attributes = any_attributes(false);
  update.announced.push_back({net::Prefix(net::Address::v4(0x0A000000), 8), 0});
  const auto bytes = wire::bgp::encode_update(update, facts).value();
  const auto body = std::span(bytes).subspan(19);
  const auto scan = wire::bgp::scan_update(body, facts);
  if (!scan.attributes.issues.empty()) return;  // a random value that a rule refuses
  const auto decoded = wire::bgp::decode_update(body, facts);
  std::vector<std::uint8_t> from_bytes;
  pack_attributes(scan.attributes, facts, decoded.attributes.next_hop, from_bytes);
  RC_ASSERT(from_bytes == packed(decoded.attributes));
}

TEST(PackedAttributes, KeepSegmentsThatAreLongerThanTheWireAllows) {
  PathAttributes attributes;
  attributes.as_path = wire::bgp::AsPath::sequence(std::vector<net::Asn>(700, 64500));
  EXPECT_EQ(unpack_attributes(packed(attributes)), attributes);
}

// The first AS goes where it is asked for, is not the only one and not of a set.
RC_GTEST_PROP(PackedAttributesProperty, LoseTheFirstAsAsTheirValuesDo, ()) {
  PathAttributes attributes = any_attributes(false);
  if (*rc::gen::inRange(0, 2) == 1) attributes.as_path = wire::bgp::AsPath::sequence({64500, 64501});
  if (*rc::gen::inRange(0, 8) == 1) {
    attributes.as_path = wire::bgp::AsPath::sequence(std::vector<net::Asn>(700, 64500));
  }
  const auto first = attributes.as_path.first();
  const bool other = *rc::gen::inRange(0, 4) == 1;
  auto bytes = packed(attributes);
  strip_first_as(other ? 1 : first.value_or(7), bytes);
  if (first && (!other || *first == 1) && attributes.as_path.asns.size() > 1) {
    attributes.as_path.asns.erase(attributes.as_path.asns.begin());
    auto& segments = attributes.as_path.segments;
    if (--segments.front().count == 0) segments.erase(segments.begin());
  }
  RC_ASSERT(unpack_attributes(bytes) == attributes);
  RC_ASSERT(bytes == packed(attributes));
}

TEST(PackedAttributes, SayNothingOfWhatIsNotThere) { EXPECT_TRUE(packed(PathAttributes()).empty()); }

TEST(AttributePool, ForgetsWhatNoRouteUses) {
  AttributePool pool;
  std::vector<AttributePool::Id> ids;
  for (std::uint32_t i = 0; i < 3000; ++i) {
    PathAttributes attributes;
    attributes.local_pref = i;
    ids.push_back(pool.intern(packed(attributes)));
    pool.retain(ids.back());
    EXPECT_EQ(pool.intern(packed(attributes)), ids.back());
  }
  EXPECT_EQ(pool.size(), 3000U);
  const AttributesPointer held = pool.decoded(ids[7]);
  for (std::uint32_t i = 0; i < 3000; ++i) {
    EXPECT_EQ(pool.decoded(ids[i])->local_pref, i);
    if (i != 7) pool.release(ids[i]);
  }
  EXPECT_EQ(pool.decoded(ids[7]), held) << "one object while somebody holds it";
  pool.release(ids[7]);
  EXPECT_EQ(pool.size(), 0U);
  EXPECT_EQ(held->local_pref, 7U);
}

// A burst says to a table what its batches say.
TEST(RouteBurst, AppliesAsTheUpdatesInIt) {
  const auto prefix = [](std::string_view text) { return net::Prefix::parse(text).value(); };
  wire::bgp::Update update;
  update.attributes.as_path = wire::bgp::AsPath::sequence({64497, 64500});
  update.attributes.next_hop = net::Address::v4(0xC0000201);
  update.announced = {{prefix("10.0.0.0/8"), 0}, {prefix("10.1.0.0/16"), 0}};
  update.withdrawn = {{prefix("10.0.0.0/8"), 0}, {prefix("192.0.2.0/24"), 0}};
  update.mp_announced = {{prefix("2001:db8::/32"), 0}};
  update.mp_next_hop = net::Address::parse("2001:db8::1").value();
  const auto bytes = wire::bgp::encode_update(update, {}).value();
  const auto scan = wire::bgp::scan_update(std::span(bytes).subspan(19), {});
  ASSERT_TRUE(scan.attributes.issues.empty());
  const auto peer = std::make_shared<const Peer>();
  RouteBurst burst;
  append_update(scan, {}, {peer, time_from_us(5)}, burst);
  std::vector<std::string> said;
  burst.for_each([&](const PeerPointer& from, const PackedRoutes& routes) {
    EXPECT_EQ(from, peer);
    EXPECT_EQ(routes.time, time_from_us(5));
    for_each_bits(routes.withdrawn, routes.family,
                  [&](const PrefixBits& bits) { said.push_back("-" + to_prefix(bits).to_string()); });
    if (routes.announced.empty()) return;
    said.push_back(unpack_attributes(routes.attributes).next_hop->to_string());
    for_each_bits(routes.announced, routes.family,
                  [&](const PrefixBits& bits) { said.push_back("+" + to_prefix(bits).to_string()); });
  });
  const std::vector<std::string> expected{"-192.0.2.0/24", "192.0.2.1",   "+10.0.0.0/8",
                                          "+10.1.0.0/16",  "2001:db8::1", "+2001:db8::/32"};
  EXPECT_EQ(said, expected);
  RouteBatch batch{peer, time_from_us(5), std::make_shared<const PathAttributes>(update.attributes), {}, {}};
  for (const auto& route : update.announced) batch.announced.push_back(route.prefix);
  for (const auto& route : update.withdrawn) batch.withdrawn.push_back(route.prefix);
  RouteBurst of_batch;
  append_batch(batch, of_batch);
  std::vector<PackedRoutes> records;
  of_batch.for_each([&](const PeerPointer&, const PackedRoutes& routes) { records.push_back(routes); });
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].withdrawn.size(), 4U) << "192.0.2.0/24 alone";
  EXPECT_EQ(records[0].announced.size(), 5U);
}

}  // namespace
}  // namespace peering::rib
