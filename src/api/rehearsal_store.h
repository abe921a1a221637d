// Resources as they would be: what is written stays here, everything else is read from the store behind it.
//
// Handlers run on it unchanged, so that a deployment can be tried without doing it. One thing it cannot tell:
// that a value which must be unique (a prefix) belongs to a resource of the store behind; that shows at the
// real commit. Entries of the log are not kept: nothing has happened.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "store/resource_store.h"

namespace peering::api {

/// For one thread. `behind` must outlive it, and may change under it.
class RehearsalStore final : public store::ResourceStore {
 public:
  explicit RehearsalStore(store::ResourceStore& behind) : behind_(behind) {}

  Result<store::Revision> commit(std::span<const store::Write> writes) override;
  Result<std::optional<store::Resource>> get(std::string_view key) override;
  Result<std::vector<store::Resource>> list(const store::ListQuery& query) override;
  /// Of the store behind only.
  Result<store::Changes> changes_since(store::Revision after, std::size_t limit) override;
  Result<store::LogPage> log(const store::LogQuery& query) override { return behind_.log(query); }
  /// Drops nothing: what is behind stays as it is.
  Result<std::size_t> trim_log(const store::LogLimits&) override { return std::size_t{0}; }

 private:
  struct Entry {
    std::optional<store::Resource> resource;  // absent: deleted
    std::string unique;
  };
  Result<void> apply(const store::Write& write);
  bool is_removed(std::string_view key) const;

  store::ResourceStore& behind_;
  std::map<std::string, Entry, std::less<>> written_;
  std::vector<std::string> removed_below_;  // keys, each with '/' at its end
  std::uint64_t commits_ = 0;
};

}  // namespace peering::api
