// The rows of a batch of sketches, as the blocks that they belong to.
#pragma once

#include <functional>
#include <span>

#include "base/result.h"
#include "model/sketch_batch.h"
#include "store/rocksdb/keys.h"
#include "store/rocksdb/sketch_block.h"

namespace peering::store::rocks {

/// Calls `visit` once for each block that rows of the batch belong to, in order of the blocks' keys' parts.
/// What is handed over belongs to the batch. `invalid_argument`, before the first call, for series that
/// cannot be stored.
Result<void> for_each_block(const model::SketchBatch& batch,
                            const std::function<void(const BlockKey&, std::span<const BlockSketch>)>& visit);

}  // namespace peering::store::rocks
