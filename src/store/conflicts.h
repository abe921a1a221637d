// The words of refused writes: the same in every implementation.
#pragma once

#include <string_view>

#include "store/resource_store.h"

namespace peering::store {

/// A write whose condition does not hold.
tl::unexpected<Error> condition_conflict(const Write& write);
/// A write of a unique value that `owner` has.
tl::unexpected<Error> unique_conflict(const Write& write, std::string_view owner);

}  // namespace peering::store
