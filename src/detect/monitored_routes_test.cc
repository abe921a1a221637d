#include "detect/monitored_routes.h"

#include <random>

#include <gmock/gmock.h>

#include "detect/detect_fixture.h"

namespace peering::detect {

namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class MonitoredRoutesOf : public testing::Test {
 protected:
  // "prefix path" of each change; "prefix gone" of a withdrawal.
  std::vector<std::string> told(const rib::RouteBatch& batch) {
    rib::RouteBurst burst;
    rib::append_batch(batch, burst);
    std::vector<rib::RouteChange> changes;
    routes.changes_of(burst, monitored, watched, changes);
    std::vector<std::string> out;
    for (const rib::RouteChange& change : changes) {
      out.push_back(change.prefix.to_string() + " " +
                    (change.after ? change.after->as_path.to_string() : "gone"));
    }
    return out;
  }
  static rib::PeerPointer peer_of(std::uint32_t id) {
    rib::Peer made;
    made.id = rib::PeerId(id);
    return std::make_shared<const rib::Peer>(made);
  }
  std::vector<std::string> announce(std::vector<net::Asn> path, std::string_view prefix,
                                    std::uint32_t peer = 1) {
    auto attributes = std::make_shared<wire::bgp::PathAttributes>();
    attributes->as_path = wire::bgp::AsPath::sequence(std::move(path));
    return told({peer_of(peer), {}, attributes, {p(prefix)}, {}});
  }
  std::vector<std::string> withdraw(std::string_view prefix, std::uint32_t peer = 1) {
    return told({peer_of(peer), {}, nullptr, {}, {p(prefix)}});
  }

  static MonitoredAses only(net::Asn asn) {
    MonitoredAs as;
    as.asn = asn;
    MonitoredAses out;
    out.add(as);
    return out;
  }

  MonitoredAses monitored = only(64500);
  MonitoredRoutes routes;
  const std::vector<net::Prefix> space{p("203.0.113.0/24")};
  net::PrefixSpace watched{space};
};

TEST_F(MonitoredRoutesOf, AreThoseWithSuchAnAsInThePath) {
  EXPECT_THAT(announce({64496, 64500, 64511}, "198.51.100.0/24"),
              ElementsAre("198.51.100.0/24 64496 64500 64511"));
  EXPECT_THAT(announce({64496, 64500}, "2001:db8::/32"), ElementsAre("2001:db8::/32 64496 64500"));
  EXPECT_THAT(announce({64496, 64500 + 4096}, "192.0.2.0/24"), IsEmpty()) << "the same low bits";
  EXPECT_THAT(withdraw("192.0.2.0/24"), IsEmpty());
}

TEST_F(MonitoredRoutesOf, AreNotThoseThatTheTableTellsOf) {
  EXPECT_THAT(announce({64496, 64500}, "203.0.113.0/25"), IsEmpty());
  EXPECT_THAT(announce({64496, 64500}, "203.0.0.0/16"), IsEmpty());
}

TEST_F(MonitoredRoutesOf, AreFollowedUntilThePeerHasAnotherRouteOrNone) {
  announce({64496, 64500}, "198.51.100.0/24");
  announce({64497, 64500}, "198.51.100.0/24", 2);
  EXPECT_THAT(announce({64496, 64511}, "198.51.100.0/24"), ElementsAre("198.51.100.0/24 64496 64511"));
  EXPECT_THAT(announce({64496, 64512}, "198.51.100.0/24"), IsEmpty());
  EXPECT_THAT(withdraw("198.51.100.0/24"), IsEmpty());
  EXPECT_THAT(withdraw("198.51.100.0/24", 2), ElementsAre("198.51.100.0/24 gone"));
  EXPECT_EQ(routes.followed(), 0U);
}

TEST_F(MonitoredRoutesOf, FindTheAsInPathsOfAnyShape) {
  std::mt19937 random(3);
  for (int i = 0; i < 300; ++i) {
    wire::bgp::PathAttributes attributes;
    attributes.origin = i % 2 == 0 ? wire::bgp::Origin::igp : wire::bgp::Origin::incomplete;
    const std::size_t segments = random() % 4;
    for (std::size_t s = 0; s < segments; ++s) {
      const auto count = static_cast<std::uint16_t>(i % 50 == 0 ? 300 : 1 + random() % 5);
      attributes.as_path.segments.push_back({static_cast<wire::bgp::SegmentType>(1 + random() % 4), count});
      for (std::size_t a = 0; a < count; ++a) attributes.as_path.asns.push_back(64490 + random() % 60);
    }
    attributes.multi_exit_disc = 64500;
    std::vector<std::uint8_t> packed;
    rib::pack_attributes(attributes, packed);
    const auto batch = std::make_shared<const wire::bgp::PathAttributes>(rib::unpack_attributes(packed));
    const bool there = std::ranges::find(batch->as_path.asns, 64500U) != batch->as_path.asns.end();
    routes.clear();
    EXPECT_EQ(told({peer_of(1), {}, batch, {p("198.51.100.0/24")}, {}}).size(), there ? 1U : 0U) << i;
  }
}

TEST_F(MonitoredRoutesOf, WithoutMonitoredAsesAreNone) {
  monitored = MonitoredAses();
  EXPECT_THAT(announce({64496, 64500}, "198.51.100.0/24"), IsEmpty());
}

}  // namespace

}  // namespace peering::detect
