#include "store/recent_changes.h"

#include <algorithm>
#include <string_view>
#include <unordered_set>

namespace peering::store {

namespace {

// About what a change takes beside its texts.
constexpr std::size_t change_bytes = 150;

std::size_t bytes_of(const Change& change) {
  return change_bytes + change.key.size() + change.type.size() +
         (change.document ? change.document->size() : 0);
}

}  // namespace

void RecentChanges::forget_all(Revision upto) {
  changes_.clear();
  bytes_ = 0;
  begun_ = true;
  before_ = latest_ = upto;
}

void RecentChanges::pass_over(Revision revision) {
  const std::lock_guard lock(mutex_);
  forget_all(revision);
}

void RecentChanges::add(std::vector<Change> of_one_commit) {
  if (of_one_commit.empty()) return;
  const Revision revision = of_one_commit.front().revision;
  const std::lock_guard lock(mutex_);
  if (!begun_ || revision.value != latest_.value + 1) forget_all(Revision(revision.value - 1));
  latest_ = revision;
  for (Change& change : of_one_commit) {
    bytes_ += bytes_of(change);
    changes_.push_back(std::move(change));
  }
  while (bytes_ > bytes_max_) {
    before_ = changes_.front().revision;
    // A commit goes whole.
    while (!changes_.empty() && changes_.front().revision == before_) {
      bytes_ -= bytes_of(changes_.front());
      changes_.pop_front();
    }
  }
}

std::optional<Changes> RecentChanges::since(Revision after, std::size_t limit) const {
  const std::lock_guard lock(mutex_);
  if (!begun_ || after < before_ || latest_ < after) return std::nullopt;
  const auto first = std::ranges::upper_bound(changes_, after, {}, &Change::revision);
  const auto count = static_cast<std::size_t>(changes_.end() - first);
  if (count > limit) return std::nullopt;
  Changes out{{}, latest_};
  out.changes.reserve(count);
  // Of what changed more than once the latest counts.
  std::unordered_set<std::string_view> seen;
  for (auto at = changes_.end(); at != first;) {
    --at;
    if (count == 1 || seen.insert(at->key).second) out.changes.push_back(*at);
  }
  std::ranges::reverse(out.changes);
  return out;
}

}  // namespace peering::store
