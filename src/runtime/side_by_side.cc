#include "runtime/side_by_side.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace peering::runtime {

void side_by_side(std::size_t count, std::size_t threads, const std::function<void(std::size_t)>& work) {
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::exception_ptr failure;
  const auto take_parts = [&] {
    try {
      for (std::size_t part = next++; part < count; part = next++) work(part);
    } catch (...) {
      next = count;
      const std::lock_guard lock(mutex);
      failure = std::current_exception();
    }
  };
  std::vector<std::jthread> others;
  others.reserve(threads);
  try {
    while (others.size() + 1 < std::min(threads, count)) others.emplace_back(take_parts);
  } catch (const std::system_error&) {
    // Those that there are do it all.
  }
  take_parts();
  others.clear();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace peering::runtime
