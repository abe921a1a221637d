#include "app/test_schedule.h"

#include <cstdint>

namespace peering::app {

namespace {

// FNV-1a, which is the same after a restart.
std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char each : text) hash = (hash ^ static_cast<std::uint8_t>(each)) * 0x100000001b3ULL;
  return hash ^ hash >> 32;
}

}  // namespace

// The turns of a test are at the times that leave its own remainder when divided by the period.
TestSchedule::Instant TestSchedule::turn_after(std::string_view key, std::chrono::seconds period,
                                               Instant now) {
  const Instant::duration whole = period;
  const Instant::duration own(
      static_cast<Instant::rep>(hash_of(key) % static_cast<std::uint64_t>(whole.count())));
  const Instant::duration since = (now.time_since_epoch() - own) % whole;
  return now + (since < Instant::duration::zero() ? -since : whole - since);
}

void TestSchedule::put(const std::string& key, std::chrono::seconds period, Instant now) {
  const auto found = entries_.find(key);
  if (found != entries_.end() && found->second.period == period) return;
  remove(key);
  const Instant due = turn_after(key, period, now);
  entries_.emplace(key, Entry{period, due});
  order_.emplace(due, key);
}

void TestSchedule::remove(const std::string& key) {
  const auto found = entries_.find(key);
  if (found == entries_.end()) return;
  order_.erase({found->second.due, key});
  entries_.erase(found);
}

std::optional<TestSchedule::Instant> TestSchedule::next() const {
  if (order_.empty()) return std::nullopt;
  return order_.begin()->first;
}

std::vector<std::string> TestSchedule::take_due(Instant now, std::size_t count) {
  std::vector<std::string> out;
  while (out.size() < count && !order_.empty() && order_.begin()->first <= now) {
    const std::string key = order_.begin()->second;
    order_.erase(order_.begin());
    Entry& entry = entries_.at(key);
    entry.due = turn_after(key, entry.period, now);
    order_.emplace(entry.due, key);
    out.push_back(key);
  }
  return out;
}

}  // namespace peering::app
