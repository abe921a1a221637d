#include "cli/child_process.h"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include <gtest/gtest.h>
#include <unistd.h>

#include "cli/demo/demo_server.h"

namespace peering::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

TEST(ChildProcess, GivesItsLinesAndItsExitCode) {
  auto child = ChildProcess::start({"sh", "-c", "echo one; echo two; exit 7"}, {true, ""});
  ASSERT_TRUE(child);
  const auto deadline = steady_clock::now() + seconds(10);
  EXPECT_EQ(child->read_line(deadline), "one");
  EXPECT_EQ(child->read_line(deadline), "two");
  EXPECT_EQ(child->read_line(deadline), std::nullopt);
  EXPECT_EQ(child->wait(seconds(10)), 7);
}

TEST(ChildProcess, ReadingEndsAtTheDeadline) {
  auto child = ChildProcess::start({"sleep", "30"}, {true, ""});
  ASSERT_TRUE(child);
  EXPECT_EQ(child->read_line(steady_clock::now() + milliseconds(50)), std::nullopt);
  EXPECT_EQ(child->wait(milliseconds(0)), std::nullopt);
  EXPECT_EQ(child->stop(), 128 + SIGTERM);
}

TEST(ChildProcess, IsEndedWithItsObject) {
  pid_t pid = 0;
  {
    auto child = ChildProcess::start({"sleep", "30"}, {});
    ASSERT_TRUE(child);
    pid = child->pid();
    EXPECT_EQ(::kill(pid, 0), 0);
  }
  EXPECT_EQ(::kill(pid, 0), -1);
}

TEST(ChildProcess, ErrorsGoToTheFile) {
  const std::string path = ::testing::TempDir() + "child-" + std::to_string(getpid()) + ".log";
  auto child = ChildProcess::start({"sh", "-c", "echo oops >&2"}, {false, path});
  ASSERT_TRUE(child);
  EXPECT_EQ(child->wait(seconds(10)), 0);
  std::ifstream in(path);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), "oops\n");
  std::filesystem::remove(path);
}

TEST(ChildProcess, AProgramThatIsNotThereEndsWith127) {
  auto child = ChildProcess::start({"/no/such/program"}, {true, "/dev/null"});
  ASSERT_TRUE(child);
  EXPECT_EQ(child->wait(seconds(10)), 127);
}

TEST(ReadyLine, IsReadAndNothingElseIs) {
  const auto ready = demo::parse_ready_line("ready http=127.0.0.1:8470 bmp=[::1]:11019");
  ASSERT_TRUE(ready);
  EXPECT_EQ(ready->at("http"), "127.0.0.1:8470");
  EXPECT_EQ(ready->at("bmp"), "[::1]:11019");
  EXPECT_FALSE(demo::parse_ready_line("starting"));
  EXPECT_FALSE(demo::parse_ready_line(""));
}

}  // namespace
}  // namespace peering::cli
