#include "rib/path_set.h"

namespace peering::rib {

void PathSet::announce(const net::Prefix& prefix, std::uint32_t path_id, const SharedAttributes& attributes) {
  std::vector<Path>& paths = paths_[prefix];
  std::erase_if(paths, [&](const Path& path) { return path.id == path_id; });
  if (paths.size() == paths_max) {
    paths.erase(paths.begin());
    ++forgotten_;
  }
  paths.push_back({path_id, round_of(prefix), attributes});
}

PathSet::Effect PathSet::withdraw(const net::Prefix& prefix, std::uint32_t path_id,
                                  SharedAttributes& now_shown) {
  const auto found = paths_.find(prefix);
  if (found == paths_.end()) return Effect::withdrawn;
  std::vector<Path>& paths = found->second;
  const bool was_shown = paths.back().id == path_id;
  std::erase_if(paths, [&](const Path& path) { return path.id == path_id; });
  if (paths.empty()) {
    paths_.erase(found);
    return Effect::withdrawn;
  }
  now_shown = paths.back().attributes;
  return was_shown ? Effect::replaced : Effect::none;
}

std::vector<net::Prefix> PathSet::end_repeat(net::Family family) {
  std::vector<net::Prefix> without;
  for (auto entry = paths_.begin(); entry != paths_.end();) {
    const net::Prefix& prefix = entry->first;
    if (prefix.family() == family) {
      std::erase_if(entry->second, [&](const Path& path) { return path.round != round_of(prefix); });
    }
    if (!entry->second.empty()) {
      ++entry;
      continue;
    }
    without.push_back(prefix);
    entry = paths_.erase(entry);
  }
  return without;
}

}  // namespace peering::rib
