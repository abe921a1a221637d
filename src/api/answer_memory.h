// Answers that were given before and may be given again.
//
// Scripts and pages ask for the same resource with the same token over and over. Such an answer depends on a
// handful of stored resources (the token, the subscription, the group, the resource) and on the roles that
// are assigned; it is kept with their revisions, and holds as long as they are the same.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "api/arm/resource_id.h"
#include "api/role_directory.h"
#include "base/time.h"
#include "store/resource_store.h"

namespace peering::api {

/// What an answer was read from.
struct AnswerBasis {
  std::vector<std::pair<std::string, model::Revision>> resources;  ///< keys, with the revisions they had
  std::uint64_t roles = 0;                                         ///< `RoleDirectory::version`
};

/// An answer of status 200, without the fields that every answer has.
struct KeptAnswer {
  arm::ResourceId id;          ///< what was asked for
  std::string_view operation;  ///< of the route
  std::string body;
  std::optional<TimePoint> until;  ///< when the token expires
  AnswerBasis basis;
};

/// Thread-safe; does not block. A part that is full begins anew. What it is made with must outlive it.
class AnswerMemory {
 public:
  AnswerMemory(store::ResourceStore& resources, RoleDirectory& roles, std::size_t bytes_max)
      : resources_(resources), roles_(roles), part_bytes_max_(bytes_max / part_count) {}

  /// What the answer to a request for one resource depends on, as it is now; nothing unless all of it is in
  /// memory. Ask before the answer is made. Keys are lower-case.
  std::optional<AnswerBasis> basis_of(std::string_view token_key, std::string_view resource_key);

  /// The answer that this token got to this target (as sent), if it still holds; else null.
  std::shared_ptr<const KeptAnswer> find(std::string_view target, std::string_view token, TimePoint at);
  void keep(std::string_view target, std::string_view token, KeptAnswer answer);

 private:
  // A token's public part is in the key, so that callers do not displace one another; the secret is compared.
  struct Entry {
    std::string token;
    std::shared_ptr<const KeptAnswer> answer;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  struct Part {
    std::mutex mutex;
    std::unordered_map<std::string, Entry, Hash, std::equal_to<>> kept;
    std::size_t bytes = 0;
  };
  static constexpr std::size_t part_count = 16;

  Part& part_of(std::string_view key) { return parts_[Hash()(key) % part_count]; }
  bool holds(const AnswerBasis& basis);

  store::ResourceStore& resources_;
  RoleDirectory& roles_;
  const std::size_t part_bytes_max_;
  std::array<Part, part_count> parts_;
};

}  // namespace peering::api
