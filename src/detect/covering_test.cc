// The covering route as the backup of a long prefix, and faulty routes that go away.
#include "detect/detect_fixture.h"

namespace peering::detect {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using namespace std::chrono_literals;

// A registered /25 that AS64496 announces, and the /24 over it by the same.
class CoveringBackup : public ::testing::Test {
 protected:
  CoveringBackup() {
    scene_.expect("203.0.113.0/25");
    scene_.apply();
    scene_.announce(peer_, {64496, 64500}, "203.0.113.0/25");
  }
  std::vector<model::Event> cover() { return scene_.announce(peer_, {64496, 64500}, "203.0.113.0/24"); }
  std::vector<model::Event> uncover() { return scene_.withdraw(peer_, "203.0.113.0/24"); }
  std::vector<model::Event> withdraw() { return scene_.withdraw(peer_, "203.0.113.0/25"); }

  Scene scene_;
  rib::PeerPointer peer_ = scene_.peer(64496);
};

TEST_F(CoveringBackup, ComesGoesAndComesBackAsABackupRouteDoes) {
  const auto came = cover();
  ASSERT_THAT(brief(came), ElementsAre("backup-route Information resolved"));
  EXPECT_EQ(came[0].type, "PrefixBackupRouteAnnouncementEvent");
  EXPECT_EQ(came[0].observed, p("203.0.113.0/24"));
  EXPECT_THAT(scene_.announce(scene_.peer(64499), {64499, 64500}, "203.0.112.0/23"), IsEmpty())
      << "there is one already";
  EXPECT_THAT(uncover(), IsEmpty()) << "the other one is left";
  EXPECT_THAT(brief(scene_.withdraw(scene_.peer(64499), "203.0.112.0/23")),
              ElementsAre("backup-route-withdrawal Warning open"));
  EXPECT_THAT(brief(cover()),
              ElementsAre("backup-route-withdrawal Warning resolved", "backup-route Information resolved"));
}

TEST_F(CoveringBackup, CarriesTrafficWhenThePrefixItselfIsWithdrawn) {
  cover();
  const auto gone = withdraw();
  ASSERT_THAT(brief(gone), ElementsAre("withdrawal Warning open", "active-path Information resolved"));
  EXPECT_THAT(gone[0].description, HasSubstr("a covering route is left"));
  EXPECT_EQ(gone[1].type, "PrefixBackupPath");
  EXPECT_THAT(brief(uncover()), ElementsAre("withdrawal Critical open")) << "now nothing is left";
  EXPECT_THAT(brief(scene_.announce(peer_, {64496, 64500}, "203.0.113.0/25")),
              ElementsAre("withdrawal Critical resolved", "announcement Information resolved",
                          "active-path Information resolved"));
}

TEST_F(CoveringBackup, IsNoneForAPrefixThatOthersTakeAsItIs) {
  scene_.expect("198.51.100.0/24", {}, "short");
  scene_.apply();
  scene_.announce(peer_, {64496, 64500}, "198.51.100.0/24");
  EXPECT_THAT(scene_.announce(peer_, {64496, 64500}, "198.51.0.0/16"), IsEmpty());
  EXPECT_THAT(brief(scene_.withdraw(peer_, "198.51.100.0/24")), ElementsAre("withdrawal Critical open"));
}

TEST_F(CoveringBackup, IsNoBackupWhenItIsADefaultRoute) {
  EXPECT_THAT(scene_.announce(peer_, {64496, 64497}, "0.0.0.0/0"), IsEmpty());
  EXPECT_THAT(brief(withdraw()), ElementsAre("withdrawal Critical open"));
}

TEST_F(CoveringBackup, IsToldAtRegistrationWhenItIsThere) {
  cover();
  scene_.expect("203.0.113.128/25", {}, "late");
  const auto told = scene_.apply();
  ASSERT_THAT(brief(told), ElementsAre("backup-route Information resolved"));
  EXPECT_THAT(told[0].summary, HasSubstr("203.0.113.128/25"));
}

TEST_F(CoveringBackup, IsNotGoneWithItsSessionUntilThatIsBackWithoutIt) {
  cover();
  const auto other = scene_.peer(64499, "edge-2");
  scene_.announce(other, {64499, 64500}, "203.0.113.0/25");
  for (const auto& event : scene_.session_down(peer_))
    EXPECT_NE(event.kind, model::EventKind::backup_route_withdrawal);
  scene_.session_up(peer_);
  scene_.announce(peer_, {64496, 64500}, "203.0.113.0/25");
  std::vector<model::Event> later;
  for (int i = 0; i < 400; ++i) {
    for (auto& event : scene_.wait(1s)) later.push_back(std::move(event));
  }
  EXPECT_THAT(brief(later), ElementsAre("backup-route-withdrawal Warning open"));
}

TEST_F(CoveringBackup, IsNoNewsAfterARestart) {
  cover();
  scene_.restart();
  scene_.announce(peer_, {64496, 64500}, "203.0.113.0/25");
  EXPECT_THAT(cover(), IsEmpty());
}

TEST(FaultyRoute, GoesAwayWithTheEndOfItsEventAndNothingElse) {
  Scene scene;
  scene.expect("203.0.113.0/24", [](auto& e) { e.upstreams = std::vector<net::Asn>{64496}; });
  scene.apply();
  scene.announce(scene.peer(64496), {64496, 64500});
  EXPECT_THAT(brief(scene.announce(scene.peer(64666), {64666, 64500})),
              ElementsAre("path-forged-first-hop Error open"));
  EXPECT_THAT(brief(scene.withdraw(scene.peer(64666))), ElementsAre("path-forged-first-hop Error resolved"));
}

}  // namespace
}  // namespace peering::detect
