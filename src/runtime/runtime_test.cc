#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "runtime/mailbox.h"
#include "runtime/side_by_side.h"
#include "runtime/worker_pool.h"

namespace peering::runtime {
namespace {

auto soon() { return std::chrono::steady_clock::now() + std::chrono::seconds(5); }

TEST(Mailbox, AMessageThatCarriesManyCountsForMany) {
  Mailbox<int> mailbox(10, [](const int& message) { return static_cast<std::size_t>(message); });
  int seven = 7, five = 5, one = 1;
  EXPECT_TRUE(mailbox.try_send(seven));
  EXPECT_TRUE(mailbox.try_send(five)) << "there was room";
  EXPECT_EQ(mailbox.size(), 12U);
  EXPECT_FALSE(mailbox.try_send(one));
  const auto at_once = std::chrono::steady_clock::now();
  EXPECT_EQ(mailbox.receive_until(at_once, 6).size(), 1U) << "seven is enough of them";
  EXPECT_EQ(mailbox.size(), 5U);
  EXPECT_TRUE(mailbox.try_send(one));
  EXPECT_EQ(mailbox.receive_until(at_once, 100).size(), 2U);
}

TEST(Mailbox, KeepsTheOrderOfEachSender) {
  Mailbox<std::pair<int, int>> mailbox(16);
  std::vector<std::thread> senders;
  for (int sender = 0; sender < 4; ++sender) {
    senders.emplace_back([&, sender] {
      for (int i = 0; i < 1000; ++i) mailbox.send({sender, i});
    });
  }
  int next[4] = {};
  for (int received = 0; received < 4000;) {
    for (const auto& [sender, i] : mailbox.receive_until(soon(), 64)) {
      ASSERT_EQ(i, next[sender]++);
      ++received;
    }
  }
  for (std::thread& sender : senders) sender.join();
}

TEST(Mailbox, AFullOneRefusesAndLeavesTheMessage) {
  Mailbox<std::string> mailbox(1);
  std::string first = "a", second = "b";
  EXPECT_TRUE(mailbox.try_send(first));
  EXPECT_FALSE(mailbox.try_send(second));
  EXPECT_EQ(second, "b");
  EXPECT_TRUE(mailbox.send_over_limit("c"));
  EXPECT_EQ(mailbox.size(), 2U);
}

TEST(Mailbox, ClosingWakesSendersAndKeepsWhatWaits) {
  Mailbox<int> mailbox(1);
  mailbox.send(1);
  std::atomic<bool> refused{false};
  std::thread sender([&] { refused = !mailbox.send(2); });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  mailbox.close();
  sender.join();
  EXPECT_TRUE(refused);
  EXPECT_EQ(mailbox.receive_until(soon(), 10).size(), 1U);
  EXPECT_TRUE(mailbox.receive_until(soon(), 10).empty());
}

TEST(WorkerPool, RunsWhatIsQueuedBeforeItStops) {
  std::atomic<int> done{0};
  WorkerPool pool(3, 1000);
  for (int i = 0; i < 500; ++i) EXPECT_TRUE(pool.submit([&] { ++done; }));
  pool.stop();
  EXPECT_EQ(done, 500);
  EXPECT_FALSE(pool.submit([] {}));
}

TEST(WorkerPool, AnExceptionEndsItsJobOnly) {
  std::atomic<int> done{0};
  WorkerPool pool(1, 10);
  pool.submit([] { throw std::runtime_error("expected in this test"); });
  pool.submit([] { throw 42; });
  pool.submit([&] { ++done; });
  pool.stop();
  EXPECT_EQ(done, 1);
}

TEST(WorkerPool, MayBeStoppedFromTwoThreadsAtOnce) {
  std::atomic<int> done{0};
  WorkerPool pool(2, 100);
  for (int i = 0; i < 50; ++i) pool.submit([&] { ++done; });
  std::thread other([&] { pool.stop(); });
  pool.stop();
  EXPECT_EQ(done, 50);
  other.join();
}

TEST(WorkerPool, RefusesWhenItsQueueIsFull) {
  std::atomic<bool> release{false};
  WorkerPool pool(1, 1);
  const auto wait = [&] {
    while (!release) std::this_thread::yield();
  };
  EXPECT_TRUE(pool.submit(wait));
  int taken = 0;
  for (int i = 0; i < 5; ++i) taken += pool.submit(wait) ? 1 : 0;
  EXPECT_LE(taken, 2);
  release = true;
}

TEST(SideBySide, EveryPartIsDoneOnce) {
  for (const std::size_t threads : {0, 1, 2, 8}) {
    for (const std::size_t count : {0, 1, 3, 1000}) {
      std::vector<std::atomic<int>> done(count);
      side_by_side(count, threads, [&](std::size_t part) { ++done[part]; });
      for (const auto& each : done) EXPECT_EQ(each, 1);
    }
  }
}

TEST(SideBySide, PartsThatWaitForEachOtherEnd) {
  std::atomic<int> begun{0};
  side_by_side(2, 2, [&](std::size_t) {
    ++begun;
    while (begun < 2) std::this_thread::yield();
  });
  EXPECT_EQ(begun, 2);
}

TEST(SideBySide, AnExceptionOfAPartIsThrownWhenAllThreadsHaveEnded) {
  for (const std::size_t threads : {1, 4}) {
    const auto work = [](std::size_t part) {
      if (part % 3 == 2) throw std::runtime_error("part");
    };
    EXPECT_THROW(side_by_side(100, threads, work), std::runtime_error);
  }
}

}  // namespace
}  // namespace peering::runtime
