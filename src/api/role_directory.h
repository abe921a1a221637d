// Who has which roles by assignment: the stored assignments, in memory, by caller.
//
// The stored rows are the truth. Whoever changes one, or deletes what one lies below, calls `follow` before
// she answers, so that the next request sees it; reading the rows and taking them over is one step, so that
// of two changes the later one stays. When they cannot be read, no assignment counts until they can.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "api/access.h"
#include "api/api.h"
#include "base/result.h"
#include "store/resource_store.h"

namespace peering::api {

/// What follows a scope ("/" aside: nothing) in the keys of its assignments.
inline constexpr std::string_view role_assignments_part =
    "/providers/microsoft.authorization/roleassignments/";

/// A role that a caller has by assignment.
struct RoleAssignment {
  std::string principal;  ///< lower case
  Grant grant;
};
/// Of a stored assignment; `corrupt` when it is not what this program writes.
Result<RoleAssignment> role_assignment_from(std::string_view key, std::string_view document);

/// Thread-safe. `resources` must outlive it.
class RoleDirectory {
 public:
  explicit RoleDirectory(store::ResourceStore& resources) : resources_(resources) {}

  /// Reads all assignments.
  Result<void> load();
  /// The key was written, or removed with what lies below. Reads from the store only when that concerns
  /// assignments.
  void follow(std::string_view key);
  /// The roles assigned to a caller, by her id. Cheap: memory only, once everything is read.
  std::vector<Grant> grants_of(std::string_view principal);
  /// Another number whenever assignments may have changed; nothing while they have to be read first.
  std::optional<std::uint64_t> version();

 private:
  Result<void> read_again(std::string_view key);
  bool concerns(std::string_view key);

  store::ResourceStore& resources_;
  std::mutex reading_;
  std::shared_mutex mutex_;
  std::map<std::string, RoleAssignment, std::less<>> assignments_;  // by key
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  std::unordered_map<std::string, std::vector<Grant>, Hash, std::equal_to<>> by_principal_;
  std::uint64_t version_ = 0;
  bool usable_ = false;
};

/// The caller of a request with all her roles: those of her token and those assigned to her; or why there is
/// none, as `authenticate` says.
arm::Expected<Caller> identify(const Services& services, const http::Request& request, TimePoint at);

}  // namespace peering::api
