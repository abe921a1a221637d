#include "api/role_directory.h"

#include <iterator>

#include "api/documents.h"
#include "api/role_definitions.h"
#include "base/log.h"

namespace peering::api {

namespace {

constexpr std::size_t page = 1000;

bool is_at_or_below(std::string_view key, std::string_view above) {
  return key == above || (key.size() > above.size() && key.starts_with(above) && key[above.size()] == '/');
}

}  // namespace

Result<RoleAssignment> role_assignment_from(std::string_view key, std::string_view document) {
  const std::size_t end = key.rfind(role_assignments_part);
  const auto read = parse_json(document);
  const json::value* properties = read ? find(*read, "properties") : nullptr;
  if (!properties || end == std::string_view::npos) {
    return fail(ErrorCode::corrupt, "stored {}: no role assignment", key);
  }
  const RoleDefinition* definition =
      find_role_definition(find_string(*properties, "roleDefinitionId").value_or(""));
  const auto principal = find_string(*properties, "principalId");
  if (!definition || !principal) return fail(ErrorCode::corrupt, "stored {}: no role or no principal", key);
  return RoleAssignment{model::lower(*principal),
                        {definition->role, end == 0 ? "/" : std::string(key.substr(0, end))}};
}

Result<void> RoleDirectory::load() { return read_again(""); }

bool RoleDirectory::concerns(std::string_view key) {
  if (key.find(role_assignments_part) != std::string_view::npos) return true;
  const std::shared_lock lock(mutex_);
  const auto first = assignments_.lower_bound(std::string(key) + "/");
  return first != assignments_.end() && is_at_or_below(first->first, key);
}

void RoleDirectory::follow(std::string_view key) {
  if (!concerns(key)) return;
  if (const auto done = read_again(key); !done) {
    log::error("role assignments cannot be read, none counts: {}", done.error().message);
    const std::unique_lock lock(mutex_);
    ++version_;
    usable_ = false;
  }
}

Result<void> RoleDirectory::read_again(std::string_view key) {
  const std::lock_guard one_at_a_time(reading_);
  std::map<std::string, RoleAssignment, std::less<>> fresh;
  store::ListQuery query{std::string(role_assignment_type), std::string(key), "", page};
  while (true) {
    const auto rows = resources_.list(query);
    if (!rows) return tl::unexpected(rows.error());
    for (const store::Resource& row : *rows) {
      if (!key.empty() && !is_at_or_below(row.key, key)) continue;
      auto assignment = role_assignment_from(row.key, row.document);
      if (!assignment) {
        log::error("{}", assignment.error().message);
        continue;
      }
      fresh.emplace(row.key, std::move(*assignment));
    }
    if (rows->size() < page) break;
    query.after = rows->back().key;
  }
  const std::unique_lock lock(mutex_);
  ++version_;
  const auto forget = [&](const RoleAssignment& gone) {
    const auto found = by_principal_.find(gone.principal);
    if (found == by_principal_.end()) return;
    if (const auto grant = std::ranges::find(found->second, gone.grant); grant != found->second.end()) {
      found->second.erase(grant);
    }
    if (found->second.empty()) by_principal_.erase(found);
  };
  for (auto at = assignments_.lower_bound(key); at != assignments_.end() && at->first.starts_with(key);) {
    const bool mine = key.empty() || is_at_or_below(at->first, key);
    if (mine) forget(at->second);
    at = mine ? assignments_.erase(at) : std::next(at);
  }
  for (const auto& [name, assignment] : fresh) {
    by_principal_[assignment.principal].push_back(assignment.grant);
  }
  assignments_.merge(fresh);
  if (key.empty()) usable_ = true;
  return {};
}

std::optional<std::uint64_t> RoleDirectory::version() {
  const std::shared_lock lock(mutex_);
  return usable_ ? std::optional(version_) : std::nullopt;
}

std::vector<Grant> RoleDirectory::grants_of(std::string_view principal) {
  {
    const std::shared_lock lock(mutex_);
    if (usable_) {
      const auto found = by_principal_.find(principal);
      return found == by_principal_.end() ? std::vector<Grant>() : found->second;
    }
  }
  if (!load()) return {};
  const std::shared_lock lock(mutex_);
  const auto found = by_principal_.find(principal);
  return found == by_principal_.end() ? std::vector<Grant>() : found->second;
}

arm::Expected<Caller> identify(const Services& services, const http::Request& request, TimePoint at) {
  auto caller = authenticate(services.resources, services.identities, request, at);
  if (!caller || !services.roles) return caller;
  for (Grant& grant : services.roles->grants_of(caller->id)) caller->grants.push_back(std::move(grant));
  return caller;
}

}  // namespace peering::api
