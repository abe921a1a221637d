// Real round-trip times through the judge: 99 residential and mobile nodes that measured each other 229 times
// (Seattle, NetLatency-Data). Each time is taken as one bin of five minutes of each node.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "latency/generated_world.h"
#include "latency/prefix_judge.h"

namespace peering::latency {
namespace {

namespace fs = std::filesystem;

constexpr int seattle_nodes = 99, seattle_slices = 229;

// The bins of every node, and whether they could be had.
std::optional<std::vector<std::vector<SeriesBin>>> seattle_bins() {
  const char* given = std::getenv("PEERING_SHARED");
  const fs::path archive =
      fs::path(given ? given : PEERING_SOURCE_DIR "/../shared") / "data/latency/Seattle_slices_1to229.tar.xz";
  if (!fs::exists(archive)) return std::nullopt;
  const fs::path folder = fs::path(testing::TempDir()) / "seattle_slices";
  fs::create_directories(folder);
  const std::string unpack =
      fmt::format("tar -xJf '{}' -C '{}'", fs::absolute(archive).string(), folder.string());
  if (std::system(unpack.c_str()) != 0) return std::nullopt;  // NOLINT
  std::vector<std::vector<SeriesBin>> out(seattle_nodes);
  for (int slice = 1; slice <= seattle_slices; ++slice) {
    std::ifstream file(folder / fmt::format("SeattleData_{}", slice));
    std::string line;
    for (int node = 0; node < seattle_nodes && std::getline(file, line); ++node) {
      SeriesBin bin{series_of("203.0.113.0/24", fmt::format("node-{}", node)), world_bin(slice), {}};
      std::istringstream numbers(line);
      for (double seconds = 0; numbers >> seconds;) {
        if (seconds > 0 && seconds <= 10) bin.sketch.add(static_cast<std::uint32_t>(seconds * 1e6));
      }
      out[static_cast<std::size_t>(node)].push_back(std::move(bin));
    }
  }
  fs::remove_all(folder);
  return out;
}

TEST(RealSeries, WhatIsFoundIsWorseThanWhatWasBefore) {
  const auto nodes = seattle_bins();
  if (!nodes) GTEST_SKIP() << "skipped: no shared data, or no tar and xz";
  int bins = 0, shown = 0, found = 0;
  for (const std::vector<SeriesBin>& node : *nodes) {
    const SeriesVerdict verdict = judge_all(node, {}).at(0);
    const std::vector<BinSummary> summaries = summaries_of(node).begin()->second;
    bins += static_cast<int>(summaries.size());
    for (const Degradation& each : verdict.degradations) {
      ++found;
      std::vector<double> before, inside;
      for (const BinSummary& bin : summaries) {
        if (each.shows(bin.start)) inside.push_back(bin.median_us);
        if (bin.start < each.first_seen) before.push_back(bin.median_us);
      }
      shown += static_cast<int>(inside.size());
      std::ranges::sort(before);
      std::ranges::sort(inside);
      std::printf(
          "%-8s bin %3d to %s, %3zu bins: %.0f ms (before: median %.0f, p90 %.0f), baseline %.0f, low %.0f\n",
          verdict.name.pop.c_str(), static_cast<int>((each.first_seen - world_start) / bin_width),
          each.recovered_at ? fmt::format("{:3}", (*each.recovered_at - world_start) / bin_width).c_str()
                            : "end",
          inside.size(), inside[inside.size() / 2] / 1000, before[before.size() / 2] / 1000,
          before[before.size() * 9 / 10] / 1000, each.baseline.us / 1000, each.first.low_us / 1000);
      EXPECT_GE(each.first.low_us - each.baseline.us, 5000);
      EXPECT_GE(each.worst.median_us, before[before.size() / 2]);
    }
  }
  std::printf("%d degradations; %d of %d bins\n", found, shown, bins);
  EXPECT_EQ(bins, seattle_nodes * seattle_slices);
  EXPECT_LT(shown, bins / 10) << "most of the time a path is as usual";
}

}  // namespace
}  // namespace peering::latency
