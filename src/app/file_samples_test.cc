// Followed log files over the real recorder: every line once, also when the last position was not written
// down.
#include "app/file_samples.h"

#include <filesystem>
#include <fstream>
#include <thread>

#include <gmock/gmock.h>

#include "app/file_position.h"
#include "app/sample_log.h"
#include "latency/recorder.h"
#include "latency/test_values.h"
#include "store/conformance/backend.h"
#include "store/memory/telemetry_store.h"

namespace peering::app {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct FileSamplesTest : testing::Test {
  FileSamplesTest() : data(folder.path() + "/data"), path(folder.path() + "/access.log") {
    EXPECT_TRUE(recorder.recover());
  }

  void start() {
    FileSamplesSettings settings;
    settings.logs = {
        {path, LogFormat::json, "AMS", "access.log", model::TimeZone::find("UTC").value(), true}};
    settings.data_dir = data;
    settings.accept_age = std::chrono::days(1);
    settings.look_every = milliseconds(5);
    settings.position_every = position_every;
    settings.renamed_quiet = milliseconds(20);
    FileSamplesServices services{
        [this](const model::SampleBatch& batch, std::string_view answer) {
          return storing ? recorder.accept(batch, answer)
                         : Result<latency::LoggedBatch>(fail(ErrorCode::out_of_space, "the disk is full"));
        },
        [this] { return registry; }};
    samples = std::make_unique<FileSamples>(std::move(settings), std::move(services), metrics);
    ASSERT_TRUE(samples->start());
  }
  void append(int lines) {
    std::ofstream out(path, std::ios::app | std::ios::binary);
    for (int i = 0; i < lines; ++i) {
      out << fmt::format(R"({{"time":"{}","client":"203.0.113.9","rtt_us":"{}"}})", format_rfc3339(now()),
                         20'000 + written++)
          << '\n';
    }
  }
  std::uint64_t stored() {
    const latency::BinQuery all{model::lower(latency::resource_of("p")), now() - std::chrono::hours(1),
                                now() + std::chrono::hours(1)};
    std::uint64_t out = 0;
    const auto bins = recorder.bins(all).value();
    for (const latency::SeriesBin& each : bins) out += each.sketch.count();
    return out;
  }
  template <class Look>
  bool soon(Look look) {
    for (int i = 0; i < 2000 && !look(); ++i) std::this_thread::sleep_for(milliseconds(5));
    return look();
  }

  store::conformance::TemporaryFolder folder;
  const std::string data, path;
  std::unique_ptr<store::TelemetryStore> store = store::make_memory_telemetry_store();
  StoreSampleLog log{*store};
  Metrics metrics;
  latency::Recorder recorder{log, metrics};
  model::RegistryPointer registry =
      std::make_shared<model::Registry>(latency::registry_of({{"p", "203.0.113.0/24"}}));
  std::atomic<bool> storing = true;
  milliseconds position_every{10'000};
  int written = 0;
  std::unique_ptr<FileSamples> samples;
};

TEST_F(FileSamplesTest, LinesAreStoredAsTheyAreWritten) {
  start();
  EXPECT_TRUE(samples->troubles().empty()) << "a file that is missing is none";
  append(10);
  EXPECT_TRUE(soon([&] { return stored() == 10; }));
  append(5);
  EXPECT_TRUE(soon([&] { return stored() == 15; }));
}

TEST_F(FileSamplesTest, ARestartGoesOn) {
  append(10);
  start();
  EXPECT_TRUE(soon([&] { return stored() == 10; }));
  samples->stop();
  append(10);
  start();
  EXPECT_TRUE(soon([&] { return stored() == 20; }));
}

TEST_F(FileSamplesTest, AProcessThatBeginsFromAnOlderPositionAddsNothingTwice) {
  start();
  for (int i = 1; i <= 5; ++i) {  // steps of their own, of which only the first is written down
    append(10);
    ASSERT_TRUE(soon([&] { return stored() == static_cast<std::uint64_t>(10 * i); }));
  }
  const auto first = read_position(data + "/followed", path).value();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->offset, 0U);
  samples->stop();
  ASSERT_TRUE(write_position(data + "/followed", path, *first)) << "as a kill leaves it";
  append(10);
  start();
  EXPECT_TRUE(soon([&] { return stored() >= 60; }));
  samples->stop();
  EXPECT_EQ(stored(), 60U);
}

TEST_F(FileSamplesTest, StepsWithoutASampleAreStepsAsWell) {
  start();
  const auto stored_lines = [&] { return metrics.render(); };
  append(10);
  ASSERT_TRUE(soon([&] { return stored() == 10; }));
  std::ofstream(path, std::ios::app) << "no sample\n";
  ASSERT_TRUE(soon([&] {
    return stored_lines().find(R"(peering_file_lines_total{result="rejected"} 1)") != std::string::npos;
  }));
  append(10);
  ASSERT_TRUE(soon([&] { return stored() == 20; }));
  auto begin = read_position(data + "/followed", path).value();
  samples->stop();
  ASSERT_TRUE(write_position(data + "/followed", path, *begin));
  append(10);
  start();
  EXPECT_TRUE(soon([&] { return stored() >= 30; }));
  samples->stop();
  EXPECT_EQ(stored(), 30U);
}

TEST_F(FileSamplesTest, WhatCannotBeStoredWaitsAndIsTold) {
  storing = false;
  append(10);
  start();
  EXPECT_TRUE(soon([&] { return !samples->troubles().empty(); }));
  EXPECT_THAT(samples->troubles(), ElementsAre(HasSubstr("the disk is full")));
  storing = true;
  EXPECT_TRUE(soon([&] { return stored() == 10; }));
  EXPECT_TRUE(soon([&] { return samples->troubles().empty(); }));
}

TEST_F(FileSamplesTest, ADamagedPositionIsRefusedWithItsFile) {
  append(1);
  start();
  EXPECT_TRUE(soon([&] { return stored() == 1; }));
  samples->stop();
  for (const auto& each : fs::directory_iterator(data + "/followed")) std::ofstream(each.path()) << "{";
  const auto read = read_position(data + "/followed", path);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::corrupt);
  EXPECT_THAT(read.error().message, HasSubstr(path));
}

}  // namespace
}  // namespace peering::app
