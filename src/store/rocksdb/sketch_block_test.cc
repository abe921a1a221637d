#include "store/rocksdb/sketch_block.h"

#include <map>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sketch/latency_sketch.h"

namespace peering::store::rocks {
namespace {

using Key = std::tuple<std::uint8_t, model::SampleKind, std::string, std::string>;
using Sketches = std::map<Key, sketch::LatencySketch>;

constexpr std::array<const char*, 4> some_names = {"", "AMS", "FRA", "edge-1"};

std::string block_with(const Sketches& sketches) {
  std::vector<BlockSketch> out;
  std::vector<std::string> bytes;
  bytes.reserve(sketches.size());
  for (const auto& [key, sketch] : sketches) {
    const auto& [client, kind, pop, source] = key;
    bytes.push_back(sketch.to_bytes());
    out.push_back({client, kind, pop, source, bytes.back()});
  }
  std::ranges::reverse(out);
  return write_block(out);
}

Sketches sketches_in(std::string_view block) {
  Sketches out;
  const auto read = read_block(block).value();
  for (const BlockSketch& each : read)
    out[{each.client, each.kind, std::string(each.pop), std::string(each.source)}] =
        sketch::LatencySketch::from_bytes(each.bytes).value();
  return out;
}

Sketches any_sketches(std::mt19937& random) {
  Sketches out;
  for (auto i = random() % 20; i > 0; --i) {
    const Key key{static_cast<std::uint8_t>(random() % 3 * 127), static_cast<model::SampleKind>(random() % 6),
                  some_names[random() % 4], some_names[random() % 4]};
    for (auto j = random() % 30; j < 30; ++j) out[key].add(static_cast<std::uint32_t>(random() % 1'000'000));
  }
  return out;
}

TEST(SketchBlock, GivesBackWhatWasWritten) {
  std::mt19937 random(1);
  for (int i = 0; i < 100; ++i) {
    const Sketches sketches = any_sketches(random);
    EXPECT_EQ(sketches_in(block_with(sketches)), sketches);
  }
}

TEST(SketchBlock, IsInOrderOfClientKindPopAndSource) {
  const std::string empty = sketch::LatencySketch().to_bytes();
  const std::vector<BlockSketch> sketches{{9, model::SampleKind::srtt, "B", "x", empty},
                                          {9, model::SampleKind::srtt, "A", "y", empty},
                                          {2, model::SampleKind::quic, "C", "x", empty},
                                          {2, model::SampleKind::icmp, "C", "x", empty},
                                          {9, model::SampleKind::srtt, "A", "x", empty}};
  std::vector<std::string> names;
  const std::string block = write_block(sketches);
  const auto read = read_block(block).value();
  for (const BlockSketch& each : read)
    names.push_back(fmt::format("{} {} {} {}", each.client, to_string(each.kind), each.pop, each.source));
  EXPECT_THAT(names,
              ::testing::ElementsAre("2 icmp C x", "2 quic C x", "9 srtt A x", "9 srtt A y", "9 srtt B x"));
}

TEST(SketchBlock, MergingInAnyOrderAndGroupingGivesTheSameBytes) {
  std::mt19937 random(2);
  for (int round = 0; round < 100; ++round) {
    Sketches sum;
    std::vector<std::string> blocks;
    for (auto i = random() % 6; i < 6; ++i) {
      const Sketches part = any_sketches(random);
      for (const auto& [key, sketch] : part) sum[key].merge(sketch);
      blocks.push_back(block_with(part));
    }
    while (blocks.size() > 1) {
      std::ranges::shuffle(blocks, random);
      const std::size_t count = 1 + random() % blocks.size();
      const std::vector<std::string_view> some(blocks.end() - static_cast<std::ptrdiff_t>(count),
                                               blocks.end());
      std::string merged = merge_blocks(some).value();
      blocks.resize(blocks.size() - count);
      blocks.push_back(std::move(merged));
    }
    EXPECT_EQ(sketches_in(blocks.at(0)), sum);
  }
}

TEST(SketchBlock, KeepsADamagedSketchBesideTheSumOfTheOthers) {
  sketch::LatencySketch one, both;
  one.add(1000);
  both.add(1000, 2);
  const auto block = [](std::string_view sketch) {
    const BlockSketch row{7, model::SampleKind::srtt, "AMS", "", sketch};
    return write_block(std::span(&row, 1));
  };
  const std::string good = block(one.to_bytes()), bad = block("damaged");
  const std::vector<std::string_view> all{bad, good, bad, good};
  const std::string merged = merge_blocks(all).value();
  std::vector<std::string> bytes;
  const auto read = read_block(merged).value();
  for (const BlockSketch& each : read) bytes.emplace_back(each.bytes);
  EXPECT_THAT(bytes, ::testing::UnorderedElementsAre(both.to_bytes(), "damaged"));
}

TEST(SketchBlock, BytesThatAreNoBlockAreRefused) {
  std::mt19937 random(3);
  const std::string block = block_with(any_sketches(random));
  for (std::size_t size = 0; size < block.size(); ++size) {
    const auto cut = read_block(std::string_view(block).substr(0, size));
    EXPECT_TRUE(!cut || cut->size() < read_block(block)->size()) << "cut between two sketches at most";
  }
  for (int i = 0; i < 2000; ++i) {
    std::string changed = block;
    changed[random() % changed.size()] = static_cast<char>(random());
    (void)read_block(changed);
    const std::vector<std::string_view> both{block, changed};
    (void)merge_blocks(both);
  }
  EXPECT_FALSE(read_block(""));
  EXPECT_FALSE(read_block("\2"));
  const std::vector<std::string_view> with_other{block, "\2"};
  EXPECT_FALSE(merge_blocks(with_other));
}

TEST(SketchBlock, HoldsTheNetworksThatDifferInTheLastByte) {
  for (const char* text : {"203.0.113.0/24", "10.255.0.0/16", "2001:db8:12::/48", "8.0.0.0/8"}) {
    const net::Prefix client = net::Prefix::parse(text).value();
    EXPECT_TRUE(has_block(client));
    EXPECT_EQ(client_of(block_of(client), last_byte(client)), client);
  }
  EXPECT_EQ(block_of(net::Prefix::parse("203.0.113.0/24").value()),
            net::Prefix::parse("203.0.0.0/16").value());
  for (const char* text : {"203.0.113.0/25", "0.0.0.0/0", "2001:db8::/47"})
    EXPECT_FALSE(has_block(net::Prefix::parse(text).value()));
}

}  // namespace
}  // namespace peering::store::rocks
