// What a cache has announced, and what it is announcing: the change is collected beside what is held and put
// in force at once, or forgotten (RFC 8210 section 8: a response counts from its End of Data on).
#pragma once

#include <functional>
#include <unordered_map>
#include <unordered_set>

namespace peering::wire::rtr {

/// Records that are there or not. Not thread-safe.
template <class Record, class Hash>
class RecordSet {
 public:
  /// A response begins: a change of what is held, or everything anew.
  void begin(bool anew) {
    anew_ = anew;
    fresh_.clear();
    overlay_.clear();
  }
  /// False when it is there already: a duplicate.
  bool announce(const Record& record) {
    if (anew_) return fresh_.insert(record).second;
    if (has(record)) return false;
    overlay_[record] = true;
    return true;
  }
  /// False when it is not there.
  bool withdraw(const Record& record) {
    if (anew_) return fresh_.erase(record) > 0;
    if (!has(record)) return false;
    overlay_[record] = false;
    return true;
  }
  void commit() {
    if (anew_) held_ = std::move(fresh_);
    for (const auto& [record, present] : overlay_) {
      if (present) {
        held_.insert(record);
      } else {
        held_.erase(record);
      }
    }
    begin(false);
  }
  void clear() {
    begin(false);
    held_.clear();
  }
  const std::unordered_set<Record, Hash>& held() const { return held_; }
  /// Bound of what is held when the response ends.
  std::size_t size() const { return anew_ ? fresh_.size() : held_.size() + overlay_.size(); }

 private:
  bool has(const Record& record) const {
    const auto changed = overlay_.find(record);
    return changed != overlay_.end() ? changed->second : held_.contains(record);
  }

  bool anew_ = false;
  std::unordered_set<Record, Hash> held_, fresh_;
  std::unordered_map<Record, bool, Hash> overlay_;
};

}  // namespace peering::wire::rtr
