// Parts of one answer, worked on at the same time.
#pragma once

#include <cstddef>
#include <functional>

namespace peering::runtime {

/// Calls `work(0)` to `work(count - 1)`, each once and in no order, on this thread and on up to `threads` - 1
/// more, which end before it returns. Fewer are used where the system gives no more. An
/// exception of `work` ends it: parts that are not begun are left out, and it is thrown here.
void side_by_side(std::size_t count, std::size_t threads, const std::function<void(std::size_t)>& work);

}  // namespace peering::runtime
