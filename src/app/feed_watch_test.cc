#include "app/feed_watch.h"

#include <gmock/gmock.h>

namespace peering::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Feeds : public testing::Test {
 protected:
  void hear(const std::string& router) {
    auto peer = std::make_shared<rib::Peer>();
    peer->key.router = router;
    feeds::RouteRun run;
    rib::append_batch({peer, at, nullptr, {}, {*net::Prefix::parse("192.0.2.0/24")}}, run.burst);
    watch->heard(run, at);
  }
  void talk(int times, Microseconds every, const std::string& router = "edge-1") {
    for (int i = 0; i < times; ++i) {
      at += every;
      hear(router);
    }
  }
  std::vector<std::string> after(Microseconds time) {
    at += time;
    watch->look(at);
    return watch->troubles();
  }
  void make(FeedWatch::Settings settings) { watch = std::make_unique<FeedWatch>(settings, metrics); }

  Metrics metrics;
  TimePoint at = *parse_rfc3339("2026-11-23T10:00:00Z");
  std::unique_ptr<FeedWatch> watch = std::make_unique<FeedWatch>(FeedWatch::Settings{}, metrics);
};

TEST_F(Feeds, AreSilentBeyondTheirOwnRhythm) {
  talk(30, std::chrono::minutes(1));
  EXPECT_THAT(after(std::chrono::minutes(9)), IsEmpty());
  EXPECT_THAT(after(std::chrono::minutes(2)),
              ElementsAre(HasSubstr("feed edge-1: nothing heard for 11 min")));
  EXPECT_EQ(metrics.gauge("peering_feeds_silent", "").value(), 1);
  hear("edge-1");
  EXPECT_THAT(after(Microseconds(1)), IsEmpty());
  EXPECT_EQ(metrics.gauge("peering_feeds_silent", "").value(), 0);
  EXPECT_THAT(after(std::chrono::minutes(30)), IsEmpty()) << "it has paused for 11 minutes before";
}

TEST_F(Feeds, ThatSpeakRarelyMayPauseForLong) {
  talk(30, std::chrono::hours(1));
  EXPECT_THAT(after(std::chrono::hours(2)), IsEmpty());
  EXPECT_THAT(after(std::chrono::hours(2)), testing::SizeIs(1));
}

TEST_F(Feeds, OfWhichLittleWasHeardHaveNoRhythmYet) {
  talk(10, std::chrono::minutes(1));
  talk(1000, std::chrono::milliseconds(1));
  EXPECT_THAT(after(std::chrono::hours(24)), IsEmpty());
}

TEST_F(Feeds, ThatAreNotConnectedAreNotSilent) {
  talk(30, std::chrono::minutes(1));
  watch->heard(feeds::RouterDown{"edge-1", at, "test"}, at);
  EXPECT_THAT(after(std::chrono::hours(1)), IsEmpty());
}

TEST_F(Feeds, ThatFallSilentAreToldOnceAndOnceWhenTheyAreHeard) {
  std::vector<std::string> told;
  FeedWatch::Settings settings;
  settings.tell = [&](const std::string& router, bool silent, TimePoint since) {
    told.push_back(fmt::format("{} {} {}", router, silent ? "silent" : "heard", format_rfc3339(since)));
  };
  make(settings);
  talk(30, std::chrono::minutes(1));
  after(std::chrono::minutes(11));
  after(std::chrono::minutes(1));
  hear("edge-1");
  after(std::chrono::seconds(1));
  EXPECT_THAT(told, ElementsAre("edge-1 silent 2026-11-23T10:30:00Z", "edge-1 heard 2026-11-23T10:42:01Z"));
}

TEST_F(Feeds, ThatAreSilentOrAwayAreNotHeardAndOthersAre) {
  talk(30, std::chrono::minutes(1), "edge-1");
  talk(1, std::chrono::minutes(11), "edge-2");
  hear("edge-3");
  watch->heard(feeds::RouterDown{"edge-3", at, "test"}, at);
  after(Microseconds(0));
  const auto unheard = watch->unheard();
  ASSERT_THAT(unheard->feeds, testing::SizeIs(2));
  EXPECT_THAT(unheard->feeds.at("edge-1").reason, HasSubstr("says nothing"));
  EXPECT_EQ(unheard->feeds.at("edge-1").since, at - std::chrono::minutes(11));
  EXPECT_EQ(unheard->feeds.at("edge-3").reason, "its session is down");
  EXPECT_EQ(unheard->heard, 1U);
  watch->heard(feeds::RouterUp{"edge-3", at}, at);
  hear("edge-1");
  after(Microseconds(0));
  EXPECT_THAT(watch->unheard()->feeds, IsEmpty());
}

TEST(HeardFeeds, AreFoundWithoutALockAndAreNotMoreThanTheTableTakes) {
  HeardFeeds feeds;
  HeardFeed* made = nullptr;
  {
    const std::lock_guard lock(feeds.mutex);
    made = feeds.find_or_make("edge-1");
    EXPECT_EQ(feeds.find("edge-1"), made);
    for (std::size_t i = 1; i < HeardFeeds::feeds_max; ++i) feeds.find_or_make(std::to_string(i));
    EXPECT_EQ(feeds.find_or_make("one too many"), nullptr);
  }
  EXPECT_EQ(feeds.find("edge-1"), made);
  EXPECT_EQ(feeds.find("one too many"), nullptr);
}

TEST_F(Feeds, ThatComeBackAreAsQuietAsTheyWere) {
  talk(2, std::chrono::hours(5));
  watch->heard(feeds::RouterDown{"edge-1", at, "test"}, at);
  watch->heard(feeds::RouterUp{"edge-1", at}, at);
  talk(40, std::chrono::minutes(1));
  EXPECT_THAT(after(std::chrono::hours(3)), IsEmpty()) << "it has paused for five hours before";
  EXPECT_THAT(after(std::chrono::hours(12)), testing::SizeIs(1));
}

TEST_F(Feeds, AreToldApart) {
  talk(30, std::chrono::minutes(1), "edge-1");
  talk(30, std::chrono::minutes(1), "edge-2");
  EXPECT_THAT(after(Microseconds(0)), ElementsAre(HasSubstr("feed edge-1")));
}

TEST_F(Feeds, OfRecordedFilesComeToAnEnd) {
  FeedWatch::Settings settings;
  settings.unwatched = {"edge-1"};
  make(settings);
  talk(30, std::chrono::minutes(1));
  EXPECT_THAT(after(std::chrono::hours(9)), IsEmpty());
}

TEST_F(Feeds, ABeaconHasToChangeInTime) {
  std::string state = "announced";
  FeedWatch::Settings settings;
  settings.beacons = {*net::Prefix::parse("192.0.2.0/24")};
  settings.state_of = [&](const net::Prefix&) { return Result<std::string>(state); };
  make(settings);
  EXPECT_THAT(after(Microseconds(0)), IsEmpty());
  EXPECT_THAT(after(std::chrono::hours(2)), IsEmpty());
  EXPECT_THAT(after(std::chrono::minutes(20)),
              ElementsAre(HasSubstr("beacon 192.0.2.0/24: no change seen for 2 h 20 min")));
  EXPECT_EQ(metrics.gauge("peering_beacons_dead", "").value(), 1);
  state = "withdrawn";
  EXPECT_THAT(after(std::chrono::minutes(1)), IsEmpty());
}

TEST_F(Feeds, ABeaconThatTheTableCannotBeAskedForSaysNothing) {
  FeedWatch::Settings settings;
  settings.beacons = {*net::Prefix::parse("192.0.2.0/24")};
  settings.state_of = [](const net::Prefix&) -> Result<std::string> {
    return fail(ErrorCode::unavailable, "busy");
  };
  make(settings);
  EXPECT_THAT(after(std::chrono::hours(9)), IsEmpty());
}

}  // namespace
}  // namespace peering::app
