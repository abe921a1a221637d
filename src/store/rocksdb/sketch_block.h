// Sketches of one registered prefix and bin in one value: those of 256 neighbouring client networks, of every
// PoP, kind and source. So a settlement writes a row a prefix instead of one a series, and RocksDB adds it to
// what is stored when it next reads or compacts: nothing is read in order to write.
//
// docs/on-disk.md gives the bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <rocksdb/merge_operator.h>

#include "model/sample.h"

namespace peering::store::rocks {

/// Whether sketches of the client network can be stored: its length is 8, 16, 24 ... bits.
bool has_block(const net::Prefix& client);
/// The network whose block holds the client network: eight bits shorter.
net::Prefix block_of(const net::Prefix& client);

/// A sketch of a block. Texts and bytes belong to the block.
struct BlockSketch {
  std::uint8_t client = 0;  ///< `last_byte` of the client network
  model::SampleKind kind{};
  std::string_view pop, source;
  std::string_view bytes;  ///< `sketch::LatencySketch::to_bytes`
};

/// Bytes that `read_block` reads, in any order of the sketches; two of one series are summed up.
std::string write_block(std::span<const BlockSketch> sketches);
/// In order of client, kind, PoP and source. Nothing for bytes that are no block; a sketch in it may still be
/// damaged.
std::optional<std::vector<BlockSketch>> read_block(std::string_view bytes);
/// The sums of the sketches of all of them, the same bytes in any order. Damaged sketches are kept beside the
/// sum of the others. Nothing when one is no block.
std::optional<std::string> merge_blocks(std::span<const std::string_view> blocks);

/// What tells the client network from the others of its block.
std::uint8_t last_byte(const net::Prefix& client);
/// The client network of a block with this last byte.
net::Prefix client_of(const net::Prefix& block, std::uint8_t client);

/// `merge_blocks` for RocksDB.
std::shared_ptr<rocksdb::MergeOperator> block_merge_operator();

}  // namespace peering::store::rocks
