// RocksDB's slices and the standard's views of the same bytes.
#pragma once

#include <string_view>

#include <rocksdb/slice.h>

namespace peering::store::rocks {

/// The bytes stay their owner's.
inline rocksdb::Slice slice(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view view(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

}  // namespace peering::store::rocks
