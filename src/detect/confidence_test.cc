#include "detect/confidence.h"

#include <fstream>
#include <sstream>

#include "detect/detect_fixture.h"

namespace peering::detect {
namespace {

std::vector<std::string> cells(const std::string& row) {
  std::vector<std::string> out;
  std::istringstream in(row.substr(1));
  for (std::string cell; std::getline(in, cell, '|');) {
    const auto first = cell.find_first_not_of(' '), last = cell.find_last_not_of(' ');
    if (first != std::string::npos) out.push_back(cell.substr(first, last - first + 1));
  }
  return out;
}

TEST(Confidence, IsWhatTheTableOfTheDocumentationSays) {
  std::ifstream file("docs/events.md");
  int checked = 0;
  bool in_table = false;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("| peers | ASes behind")) in_table = true;
    if (line.empty()) in_table = false;
    if (!in_table || line.starts_with("| peers") || line.starts_with("| ---")) continue;
    const auto row = cells(line);
    ASSERT_EQ(row.size(), 8U) << line;
    Indications given;
    given.peers = std::stoul(row[0]);
    given.ways = std::stoul(row[1]);
    given.rpki = row[2];
    if (row[3] == "siblings") given.kinship = Kinship::siblings;
    if (row[3] == "neighbors") given.kinship = Kinship::neighbors;
    given.seen_before = row[4] == "yes";
    given.new_link = row[5] == "new";
    if (row[6] == "this origin") given.registration = rib::Registration::registered;
    if (row[6] == "others") given.registration = rib::Registration::other_origins;
    EXPECT_EQ(fmt::format("{:.2f}", confidence_of(given).value), row[7]) << line;
    ++checked;
  }
  EXPECT_GE(checked, 14);
}

struct ConfidenceOfEvents : testing::Test {
  Scene scene;
  void SetUp() override {
    scene.expect("203.0.113.0/24");
    scene.apply();
  }
  static std::vector<std::string> lines_of(const model::Event& event) {
    std::vector<std::string> out;
    std::ranges::copy_if(event.evidence, std::back_inserter(out),
                         [](const std::string& line) { return line.starts_with(confidence_words); });
    return out;
  }
  model::Event hijack_of(const Relationships& known) {
    Knowledge knowledge = scene.known();
    knowledge.relationships = std::make_shared<const Relationships>(known);
    scene.know(knowledge);
    return scene.announce(scene.peer(64496), {64496, 64666}).at(0);
  }
};

TEST_F(ConfidenceOfEvents, RisesWithPeersAndMoreWithPeersThatHaveItFromOthersAndSaysSo) {
  const auto one = scene.announce(scene.peer(64496), {64496, 64600, 64666}).at(0);
  EXPECT_DOUBLE_EQ(one.confidence, 0.55);
  EXPECT_THAT(lines_of(one), testing::ElementsAre("confidence 55 of 100: 55 for a finding"));
  const auto two = scene.announce(scene.peer(64497), {64497, 64600, 64666}).at(0);
  EXPECT_DOUBLE_EQ(two.confidence, 0.65);
  const auto three = scene.announce(scene.peer(64498), {64498, 64601, 64666}).at(0);
  EXPECT_DOUBLE_EQ(three.confidence, 0.73);
  EXPECT_THAT(lines_of(three),
              testing::ElementsAre("confidence 73 of 100: 55 for a finding, +13 for 3 peers, "
                                   "+5 for 2 different ASes behind them"));
  EXPECT_THAT(three.evidence, testing::Contains("AS path 64498 64601 64666 from AS64498 at edge-1"))
      << "each peer's route";
}

TEST_F(ConfidenceOfEvents, RisesWhenTheRouteIsInvalid) {
  const auto before = scene.announce(scene.peer(64496), {64496, 64666}).at(0);
  scene.roas({{p("203.0.113.0/24"), 24, 64500}});
  const auto after = scene.announce(scene.peer(64497), {64497, 64666}).at(0);
  EXPECT_DOUBLE_EQ(before.confidence, 0.55);
  EXPECT_DOUBLE_EQ(after.confidence, 0.80 + 0.00);
}

TEST_F(ConfidenceOfEvents, FallsWhenBothAreOfOneOrganisationOrNeighbours) {
  Relationships siblings;
  siblings.add_siblings(64666, 64500);
  EXPECT_DOUBLE_EQ(hijack_of(siblings).confidence, 0.25);
}

TEST_F(ConfidenceOfEvents, FallsLessWhenBothAreNeighbours) {
  Relationships neighbors;
  neighbors.add_provider(64666, 64500);
  EXPECT_DOUBLE_EQ(hijack_of(neighbors).confidence, 0.40);
}

TEST_F(ConfidenceOfEvents, FallsWhenTheSameWasSeenADayBefore) {
  const auto peer = scene.peer(64496);
  EXPECT_DOUBLE_EQ(scene.announce(peer, {64496, 64666}).at(0).confidence, 0.55);
  scene.announce(peer, {64496, 64500});
  scene.wait(std::chrono::hours(1));
  EXPECT_DOUBLE_EQ(scene.announce(peer, {64496, 64666}).at(0).confidence, 0.55)
      << "an attack may come in waves";
  scene.announce(peer, {64496, 64500});
  scene.wait(std::chrono::hours(24));
  EXPECT_DOUBLE_EQ(scene.announce(peer, {64496, 64666}).at(0).confidence, 0.40);
}

TEST_F(ConfidenceOfEvents, FallsAfterARestartAsWellWhenTheSameWasSeenADayBefore) {
  const auto peer = scene.peer(64496);
  scene.announce(peer, {64496, 64666});
  scene.announce(peer, {64496, 64500});
  scene.wait(std::chrono::hours(25));
  scene.restart();
  EXPECT_DOUBLE_EQ(scene.announce(peer, {64496, 64666}).back().confidence, 0.40);
  EXPECT_DOUBLE_EQ(scene.announce(scene.peer(64497), {64497, 64667}).back().confidence, 0.55) << "another AS";
}

}  // namespace
}  // namespace peering::detect
