#include "rib/update_routes.h"

#include <gtest/gtest.h>

namespace peering::rib {
namespace {

using wire::bgp::Nlri;
using wire::bgp::SessionFacts;
using wire::bgp::Update;

net::Prefix prefix(std::string_view text) { return net::Prefix::parse(text).value(); }

Nlri path(std::string_view text, std::uint32_t id = 0) { return {prefix(text), id}; }

Update update_of(std::vector<Nlri> announced, std::vector<Nlri> withdrawn, net::Asn origin = 64500) {
  Update out;
  out.attributes.as_path = wire::bgp::AsPath::sequence({64497, origin});
  out.attributes.next_hop = net::Address::v4(0xC0000201);
  out.announced = std::move(announced);
  out.withdrawn = std::move(withdrawn);
  return out;
}

// Each record as a line: what is withdrawn, then the origin and what it announces.
class UpdateRoutes : public testing::Test {
 protected:
  using Lines = std::vector<std::string>;

  Lines say(const Update& update) { return say(wire::bgp::encode_update(update, facts_).value()); }
  Lines say(const std::vector<std::uint8_t>& message) {
    const auto scan = wire::bgp::scan_update(std::span(message).subspan(19), facts_);
    RouteBurst burst;
    append_update(scan, facts_, {peer_, time_from_us(5), &paths_}, burst);
    Lines out;
    burst.for_each([&](const PeerPointer& from, const PackedRoutes& routes) {
      EXPECT_EQ(from, peer_);
      EXPECT_EQ(routes.time, time_from_us(5));
      std::string line;
      for_each_bits(routes.withdrawn, routes.family,
                    [&](const PrefixBits& bits) { line += " -" + to_prefix(bits).to_string(); });
      if (!routes.announced.empty()) {
        line += fmt::format(" AS{}", unpack_attributes(routes.attributes).as_path.origin().value());
      }
      for_each_bits(routes.announced, routes.family,
                    [&](const PrefixBits& bits) { line += " +" + to_prefix(bits).to_string(); });
      out.push_back(line.substr(1));
    });
    return out;
  }

  SessionFacts facts_;
  PeerPointer peer_ = std::make_shared<const Peer>();
  PathSet paths_;
};

TEST_F(UpdateRoutes, EachFamilyHasItsRecord) {
  Update update = update_of({path("10.0.0.0/8")}, {path("192.0.2.0/24")});
  update.mp_announced = {path("2001:db8::/32")};
  update.mp_next_hop = net::Address::parse("2001:db8::1").value();
  update.mp_withdrawn = {path("2001:db8:1::/48")};
  EXPECT_EQ(say(update),
            (Lines{"-192.0.2.0/24 AS64500 +10.0.0.0/8", "-2001:db8:1::/48 AS64500 +2001:db8::/32"}));
}

TEST_F(UpdateRoutes, APrefixInBothListsIsAnnounced) {
  EXPECT_EQ(say(update_of({path("10.0.0.0/8")}, {path("10.0.0.0/8"), path("192.0.2.0/24")})),
            (Lines{"-192.0.2.0/24 AS64500 +10.0.0.0/8"}));
}

TEST_F(UpdateRoutes, TreatAsWithdrawWithdrawsWhatTheMessageAnnounces) {
  auto message =
      wire::bgp::encode_update(update_of({path("10.0.0.0/8")}, {path("192.0.2.0/24")}), {}).value();
  const std::uint8_t origin[] = {0x40, 1, 1, 0};
  const auto found = std::search(message.begin(), message.end(), std::begin(origin), std::end(origin));
  ASSERT_NE(found, message.end());
  *(found + 3) = 9;
  EXPECT_EQ(say(message), (Lines{"-192.0.2.0/24", "-10.0.0.0/8"}));
}

TEST_F(UpdateRoutes, ResetSaysNothing) {
  auto message = wire::bgp::encode_update(update_of({path("10.0.0.0/8")}, {}), {}).value();
  message[message.size() - 2] = 33;  // the prefix's length
  EXPECT_TRUE(say(message).empty());
}

TEST_F(UpdateRoutes, MulticastRoutesAreNone) {
  Update update = update_of({}, {});
  update.mp_announced = {path("10.0.0.0/8")};
  update.mp_next_hop = net::Address::v4(0xC0000201);
  auto message = wire::bgp::encode_update(update, {}).value();
  const std::uint8_t reach[] = {0, 1, 1, 4};  // AFI, SAFI, length of the next hop
  const auto found = std::search(message.begin(), message.end(), std::begin(reach), std::end(reach));
  ASSERT_NE(found, message.end());
  EXPECT_EQ(say(message), (Lines{"AS64500 +10.0.0.0/8"}));
  *(found + 2) = 2;
  EXPECT_TRUE(say(message).empty());
}

TEST_F(UpdateRoutes, OfSeveralPathsTheLastIsShownAndTheOneBeforeItComesBack) {
  facts_.add_path_ipv4 = true;
  EXPECT_EQ(say(update_of({path("10.0.0.0/8", 1)}, {}, 1)), Lines{"AS1 +10.0.0.0/8"});
  EXPECT_EQ(say(update_of({path("10.0.0.0/8", 2)}, {}, 2)), Lines{"AS2 +10.0.0.0/8"});
  EXPECT_EQ(say(update_of({path("10.0.0.0/8", 3)}, {}, 3)), Lines{"AS3 +10.0.0.0/8"});
  EXPECT_TRUE(say(update_of({}, {path("10.0.0.0/8", 1)})).empty());
  EXPECT_EQ(say(update_of({}, {path("10.0.0.0/8", 3)})), Lines{"AS2 +10.0.0.0/8"});
  EXPECT_EQ(say(update_of({}, {path("10.0.0.0/8", 2)})), Lines{"-10.0.0.0/8"});
  EXPECT_EQ(say(update_of({}, {path("10.0.0.0/8", 2)})), Lines{"-10.0.0.0/8"}) << "the table knows";
}

TEST_F(UpdateRoutes, APathThatTakesTheOthersPlaceInOneMessageIsNoWithdrawal) {
  facts_.add_path_ipv4 = true;
  say(update_of({path("10.0.0.0/8", 1)}, {}, 1));
  EXPECT_EQ(say(update_of({path("10.0.0.0/8", 2)}, {path("10.0.0.0/8", 1)}, 2)), Lines{"AS2 +10.0.0.0/8"});
  EXPECT_EQ(say(update_of({path("10.0.0.0/8", 2)}, {path("10.0.0.0/8", 2)}, 3)), Lines{"AS3 +10.0.0.0/8"})
      << "the very path in both lists is announced";
  EXPECT_EQ(say(update_of({}, {path("10.0.0.0/8", 2)})), Lines{"-10.0.0.0/8"}) << "path 1 is gone";
}

TEST_F(UpdateRoutes, AllPathsWithdrawnInOneMessageAreAWithdrawalInTheEnd) {
  facts_.add_path_ipv4 = true;
  say(update_of({path("10.0.0.0/8", 1), path("10.1.0.0/16", 1)}, {}, 1));
  say(update_of({path("10.0.0.0/8", 2), path("10.1.0.0/16", 2)}, {}, 2));
  const Update gone = update_of({}, {path("10.0.0.0/8", 2), path("10.1.0.0/16", 2), path("10.0.0.0/8", 1)});
  EXPECT_EQ(say(gone), (Lines{"AS1 +10.0.0.0/8 +10.1.0.0/16", "-10.0.0.0/8"}));
}

}  // namespace
}  // namespace peering::rib
