#include "feeds/mrt_feed.h"

#include <filesystem>
#include <fstream>
#include <thread>

#include <gtest/gtest.h>

#include "base/byte_cursor.h"
#include "feeds/bmp_test_router.h"
#include "feeds/recorded_sink.h"

namespace peering::feeds {
namespace {

using namespace test;
using namespace std::chrono_literals;
using rib::RouteBatch;
namespace fs = std::filesystem;

constexpr std::uint32_t begin_s = 1'700'000'000;
constexpr std::uint16_t bgp4mp_message_as4 = 4, bgp4mp_state_change_as4 = 5;

// One BGP4MP record of the peer 192.0.2.<host>.
std::vector<std::uint8_t> record(std::uint16_t subtype, std::uint32_t second, std::uint8_t host,
                                 std::span<const std::uint8_t> rest) {
  ByteWriter out;
  out.u32(begin_s + second);
  out.u16(16);
  out.u16(subtype);
  out.u32(static_cast<std::uint32_t>(20 + rest.size()));
  out.u32(peer_asn);
  out.u32(router_asn);
  out.u16(0);
  out.u16(1);
  out.bytes(address(fmt::format("192.0.2.{}", host)).bytes());
  out.bytes(address("192.0.2.254").bytes());
  out.bytes(rest);
  return std::move(out).take();
}
std::vector<std::uint8_t> announcement(std::uint32_t second, std::string_view text, std::uint8_t host = 1) {
  return record(bgp4mp_message_as4, second, host, update_of({{{prefix(text), 0}}, {}}));
}
std::vector<std::uint8_t> state(std::uint32_t second, std::uint8_t from, std::uint8_t to) {
  const std::uint8_t states[] = {0, from, 0, to};
  return record(bgp4mp_state_change_as4, second, 1, states);
}

class MrtFeedTest : public testing::Test {
 protected:
  MrtFeedTest() {
    std::string pattern = (fs::temp_directory_path() / "mrt_feed_XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    settings_.path = folder_;
    settings_.collector = "rrc01";
    settings_.look_every = 20ms;
  }
  ~MrtFeedTest() override {
    feed_.reset();
    fs::remove_all(folder_);
  }
  void write(const std::string& name, const std::vector<std::vector<std::uint8_t>>& records) {
    std::ofstream file(folder_ / name, std::ios::binary | std::ios::app);
    for (const auto& bytes : records) {
      file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    }
  }
  void start() {
    feed_ = std::make_unique<MrtFeed>(settings_, peers_, sink_, metrics_);
    feed_->start();
  }
  double records(const std::string& result) {
    return metrics_.counter("peering_mrt_records_total", "", {{"result", result}}).value();
  }
  bool becomes_idle() {
    for (int i = 0; i < 1000 && !feed_->idle(); ++i) std::this_thread::sleep_for(5ms);
    return feed_->idle();
  }

  fs::path folder_;
  MrtSettings settings_;
  Metrics metrics_;
  PeerRegistry peers_{{{"rrc01", std::nullopt, "LON"}}};
  RecordedSink sink_{1};
  std::unique_ptr<MrtFeed> feed_;
};

TEST_F(MrtFeedTest, AFileIsPlayedOnceWithTheTimesOfItsRecords) {
  write("updates", {announcement(0, "203.0.113.0/24"), announcement(60, "203.0.113.0/24")});
  settings_.path = folder_ / "updates";
  start();
  ASSERT_TRUE(becomes_idle());
  const auto messages = sink_.taken(0);
  ASSERT_EQ(messages.size(), 4U);
  EXPECT_EQ(std::get<RouterUp>(messages[0]).router, "rrc01");
  const auto peer = std::get<PeerUp>(messages[1]).peer;
  EXPECT_EQ(peer->key.router, "rrc01");
  EXPECT_EQ(peer->key.address, address("192.0.2.1"));
  EXPECT_EQ(peer->asn, peer_asn);
  EXPECT_EQ(peer->pop, "LON");
  EXPECT_EQ(to_us(std::get<RouteBatch>(messages[2]).time), begin_s * 1'000'000LL);
  EXPECT_EQ(to_us(std::get<RouteBatch>(messages[3]).time), (begin_s + 60) * 1'000'000LL);
}

TEST_F(MrtFeedTest, FilesOfAFolderComeInOrderOfTheirNamesAndNewOnesAreFound) {
  write("b", {announcement(1, "10.0.2.0/24")});
  write("a", {announcement(0, "10.0.1.0/24")});
  write(".hidden", {announcement(9, "10.0.9.0/24")});
  start();
  ASSERT_TRUE(sink_.wait_for_count<RouteBatch>(2));
  write("c", {announcement(2, "10.0.3.0/24")});
  ASSERT_TRUE(sink_.wait_for_count<RouteBatch>(3));
  const auto batches = sink_.all<RouteBatch>();
  for (std::uint8_t i = 0; i < 3; ++i) {
    EXPECT_EQ(batches[i].announced[0], prefix(fmt::format("10.0.{}.0/24", i + 1)));
  }
  EXPECT_EQ(sink_.all<PeerUp>().size(), 1U);
}

TEST_F(MrtFeedTest, APatternChoosesFiles) {
  write("updates.1", {announcement(0, "10.0.1.0/24")});
  write("rib.1", {announcement(0, "10.0.2.0/24")});
  settings_.path = folder_ / "updates.*";
  start();
  ASSERT_TRUE(sink_.wait_for_count<RouteBatch>(1));
  ASSERT_TRUE(becomes_idle());
  EXPECT_EQ(sink_.all<RouteBatch>().size(), 1U);
}

TEST_F(MrtFeedTest, SessionStatesEndAndBeginPeers) {
  write("updates", {announcement(0, "203.0.113.0/24"), state(5, 6, 1), state(6, 1, 3), state(9, 5, 6),
                    announcement(10, "203.0.113.0/24")});
  settings_.path = folder_ / "updates";
  start();
  ASSERT_TRUE(becomes_idle());
  std::string order;
  for (const Said& message : sink_.taken(0)) {
    if (std::holds_alternative<PeerUp>(message)) order += 'u';
    if (std::holds_alternative<PeerDown>(message)) order += 'd';
    if (std::holds_alternative<RouteBatch>(message)) order += 'r';
  }
  EXPECT_EQ(order, "urdur");
  EXPECT_EQ(sink_.all<PeerUp>()[0].peer->id, sink_.all<PeerUp>()[1].peer->id);
}

TEST_F(MrtFeedTest, DamagedRecordsAreCountedAndSkipped) {
  auto no_bgp = announcement(1, "10.0.2.0/24");
  no_bgp[12 + 20] = 0;  // the marker
  write("updates", {announcement(0, "10.0.1.0/24"), no_bgp, announcement(2, "10.0.3.0/24")});
  settings_.path = folder_ / "updates";
  start();
  ASSERT_TRUE(becomes_idle());
  EXPECT_EQ(sink_.all<RouteBatch>().size(), 2U);
  EXPECT_EQ(records("malformed"), 1);
  EXPECT_EQ(records("used"), 2);
}

TEST_F(MrtFeedTest, ACutFileEndsAndTheNextOneIsPlayed) {
  auto cut = announcement(1, "10.0.2.0/24");
  cut.resize(cut.size() - 5);
  write("a", {announcement(0, "10.0.1.0/24"), cut});
  write("b", {announcement(2, "10.0.3.0/24")});
  start();
  EXPECT_TRUE(sink_.wait_for_count<RouteBatch>(2));
  EXPECT_EQ(metrics_.counter("peering_mrt_files_total", "", {{"result", "damaged"}}).value(), 1);
}

TEST_F(MrtFeedTest, AFullMailboxMakesItWaitAndStopEndsItAnywhere) {
  std::vector<std::vector<std::uint8_t>> many;
  for (int i = 0; i < 500; ++i) many.push_back(announcement(0, fmt::format("10.{}.0.0/16", i % 256)));
  write("updates", many);
  settings_.path = folder_ / "updates";
  sink_.refuse(true);
  start();
  std::this_thread::sleep_for(30ms);
  EXPECT_TRUE(sink_.taken(0).empty());
  EXPECT_FALSE(feed_->idle());
  sink_.refuse(false);
  ASSERT_TRUE(sink_.wait_for_count<RouteBatch>(500));
  sink_.refuse(true);
  start();
  feed_->stop();
}

TEST_F(MrtFeedTest, ThePaceIsKept) {
  std::vector<std::vector<std::uint8_t>> many(256, announcement(0, "10.0.0.0/8"));
  write("updates", many);
  settings_.path = folder_ / "updates";
  settings_.records_per_second_max = 2000;
  const auto begin = std::chrono::steady_clock::now();
  start();
  ASSERT_TRUE(becomes_idle());
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 120ms);
}

TEST_F(MrtFeedTest, APathThatDoesNotExistYetIsWaitedFor) {
  settings_.path = folder_ / "later";
  start();
  std::this_thread::sleep_for(50ms);
  write("later", {announcement(0, "10.0.1.0/24")});
  EXPECT_TRUE(sink_.wait_for_count<RouteBatch>(1));
}

TEST_F(MrtFeedTest, RealUpdatesGiveRoutes) {
  const char* given = std::getenv("PEERING_SHARED");
  const fs::path folder = fs::path(given ? given : PEERING_SOURCE_DIR "/../shared") / "data/mrt";
  if (!fs::is_directory(folder)) GTEST_SKIP() << "skipped: no shared data";
  settings_.path = folder / "*updates*";
  start();
  for (int i = 0; i < 12'000 && !feed_->idle(); ++i) std::this_thread::sleep_for(10ms);
  EXPECT_TRUE(feed_->idle());
  EXPECT_GT(sink_.all<RouteBatch>().size(), 100'000U);
  EXPECT_GT(peers_.size(), 50U);
}

}  // namespace
}  // namespace peering::feeds
