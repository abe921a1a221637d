// Half of the RPKI does not vanish at once: a cache that lost a trust anchor, or serves while it loads, looks
// like that. Such a data set is put in force only when it is said twice.
#pragma once

#include <cstddef>
#include <map>
#include <string>

namespace peering::feeds {

/// Not thread-safe.
class ShrinkGuard {
 public:
  explicit ShrinkGuard(bool enabled) : enabled_(enabled) {}

  /// Whether a data set of `offered` records may replace one of `held`. One of less than half is refused the
  /// first time and admitted the next.
  bool admits(std::size_t held, std::size_t offered) { return decide(offered * 2 < held); }

  using Parts = std::map<std::string, std::size_t>;
  /// Parts with fewer records may come and go.
  static constexpr std::size_t part_min = 10;
  /// The same of records in parts, by the name of each: one trust anchor of five is less than half of the
  /// RPKI. `lacking` becomes the name of a part that shrank by more than half, empty when the whole did.
  bool admits(std::size_t held, std::size_t offered, const Parts& held_parts, const Parts& offered_parts,
              std::string& lacking) {
    for (const auto& [name, count] : held_parts) {
      const auto at = offered_parts.find(name);
      const std::size_t left = at == offered_parts.end() ? 0 : at->second;
      if (count < part_min || left * 2 >= count) continue;
      lacking = name;
      return decide(true);
    }
    return admits(held, offered);
  }

 private:
  bool decide(bool shrinks) {
    const bool admitted = !enabled_ || !shrinks || refused_;
    refused_ = !admitted;
    return admitted;
  }

  bool enabled_;
  bool refused_ = false;
};

}  // namespace peering::feeds
