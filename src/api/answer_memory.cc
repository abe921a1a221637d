#include "api/answer_memory.h"

#include <algorithm>

#include "base/digest.h"

namespace peering::api {

namespace {

// About what an entry takes beside its texts.
constexpr std::size_t entry_bytes = 512;

std::string key_of(std::string_view target, std::string_view token) {
  const std::string_view id = token.substr(0, token.find('.'));
  std::string out;
  out.reserve(target.size() + 1 + id.size());
  return out.append(target).append(" ").append(id);
}

std::size_t bytes_of(std::string_view key, std::string_view token, const KeptAnswer& answer) {
  std::size_t out = entry_bytes + key.size() + token.size() + answer.body.size();
  for (const auto& [resource, revision] : answer.basis.resources) out += resource.size() + sizeof revision;
  return out;
}

}  // namespace

std::optional<AnswerBasis> AnswerMemory::basis_of(std::string_view token_key, std::string_view resource_key) {
  AnswerBasis out;
  const auto roles = roles_.version();
  if (!roles) return std::nullopt;
  out.roles = *roles;
  const auto add = [&](std::string_view key) {
    const auto revision = resources_.revision_at_hand(key);
    if (revision) out.resources.emplace_back(key, *revision);
    return revision.has_value();
  };
  if (!add(token_key)) return std::nullopt;
  for (std::string_view key = resource_key; !key.empty(); key = arm::parent_of(key)) {
    if (!add(key)) return std::nullopt;
  }
  return out;
}

bool AnswerMemory::holds(const AnswerBasis& basis) {
  return roles_.version() == basis.roles && std::ranges::all_of(basis.resources, [&](const auto& read) {
           return resources_.revision_at_hand(read.first) == read.second;
         });
}

std::shared_ptr<const KeptAnswer> AnswerMemory::find(std::string_view target, std::string_view token,
                                                     TimePoint at) {
  const std::string key = key_of(target, token);
  Part& part = part_of(key);
  std::shared_ptr<const KeptAnswer> out;
  {
    const std::lock_guard lock(part.mutex);
    const auto found = part.kept.find(key);
    if (found == part.kept.end() || !equal_constant_time(found->second.token, token)) return nullptr;
    out = found->second.answer;
  }
  if (out->until && *out->until <= at) return nullptr;
  return holds(out->basis) ? out : nullptr;
}

void AnswerMemory::keep(std::string_view target, std::string_view token, KeptAnswer answer) {
  std::string key = key_of(target, token);
  const std::size_t bytes = bytes_of(key, token, answer);
  if (bytes > part_bytes_max_) return;
  Part& part = part_of(key);
  Entry entry{std::string(token), std::make_shared<const KeptAnswer>(std::move(answer))};
  const std::lock_guard lock(part.mutex);
  if (const auto old = part.kept.find(key); old != part.kept.end()) {
    part.bytes -= bytes_of(old->first, old->second.token, *old->second.answer);
    part.kept.erase(old);
  }
  if (part.bytes + bytes > part_bytes_max_) {
    part.kept.clear();
    part.bytes = 0;
  }
  part.bytes += bytes;
  part.kept.emplace(std::move(key), std::move(entry));
}

}  // namespace peering::api
