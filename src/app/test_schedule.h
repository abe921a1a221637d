// When each connection monitor test runs next. Tests of one frequency are spread over it by a hash of their
// id, so that ten thousand that come together do not run together, and a test keeps its place when others
// come and go.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace peering::app {

/// No clock and no threads. Costs the logarithm of the number of tests.
class TestSchedule {
 public:
  using Instant = std::chrono::steady_clock::time_point;

  /// From now on every `period`, first within one of them. One that is there with the same period stays as
  /// it is.
  void put(const std::string& key, std::chrono::seconds period, Instant now);
  void remove(const std::string& key);
  /// When the next one is due.
  std::optional<Instant> next() const;
  /// Those that are due, at most `count`, earliest first; each is put off to its next turn after `now`: turns
  /// that were missed are not made up for.
  std::vector<std::string> take_due(Instant now, std::size_t count);
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::chrono::seconds period;
    Instant due;
  };
  static Instant turn_after(std::string_view key, std::chrono::seconds period, Instant now);

  std::unordered_map<std::string, Entry> entries_;
  std::set<std::pair<Instant, std::string>> order_;
};

}  // namespace peering::app
