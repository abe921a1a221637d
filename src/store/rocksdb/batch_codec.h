// The stored form of an accepted batch of samples: its series once, then a few bytes a sample.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "model/sample.h"

namespace peering::store::rocks {

/// About six bytes a sample (docs/on-disk.md, `pending`).
std::string encode_batch(const model::SampleBatch& batch);
/// `corrupt` for anything `encode_batch` cannot have made.
Result<model::SampleBatch> decode_batch(std::string_view bytes);

}  // namespace peering::store::rocks
