#include "api/template/resource_ids.h"

#include "api/arm/names.h"
#include "api/template/evaluator.h"
#include "api/template/functions.h"

namespace peering::api::tmpl {

std::vector<std::string> split_names(std::string_view text) {
  std::vector<std::string> out;
  while (true) {
    const std::size_t slash = text.find('/');
    out.emplace_back(text.substr(0, slash));
    if (slash == std::string_view::npos) return out;
    text.remove_prefix(slash + 1);
  }
}

Result<std::string> make_id(std::string_view scope, std::string_view type,
                            std::span<const std::string> names) {
  const std::vector<std::string> types = split_names(type);
  if (types.size() < 2) {
    return tl::unexpected(
        invalid("type", type, "a namespace and a type, as Microsoft.Peering/peeringServices"));
  }
  if (names.size() + 1 != types.size()) {
    return fail(ErrorCode::invalid_argument,
                "the type '{}' needs as many names as it has segments after the namespace ({}), not {}", type,
                types.size() - 1, names.size());
  }
  std::string out = std::string(scope == "/" ? "" : scope) + "/providers/" + types[0];
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i].empty()) return fail(ErrorCode::invalid_argument, "a name of the type '{}' is empty", type);
    out += "/" + types[i + 1] + "/" + names[i];
  }
  return out;
}

namespace {

// Names may come one by one or joined by '/'.
std::vector<std::string> names_from(std::span<const std::string> words) {
  std::vector<std::string> out;
  for (const std::string& word : words) {
    for (std::string& name : split_names(word)) out.push_back(std::move(name));
  }
  return out;
}

// [subscription,] [group,] type, names…
Result<std::string> resource_id(const Target& target, std::span<const std::string> words, bool in_group) {
  std::size_t type = 0;
  while (type < words.size() && words[type].find('/') == std::string::npos) ++type;
  const std::size_t before_most = in_group ? 2 : 1;
  if (type >= words.size() || type > before_most) {
    return fail(ErrorCode::invalid_argument,
                "a type such as Microsoft.Peering/peeringServices is expected, then names");
  }
  std::string subscription = target.subscription, group = target.resource_group;
  if (type == 2 || (type == 1 && (!in_group || arm::is_guid(words[0])))) subscription = words[0];
  if (in_group && (type == 2 || (type == 1 && !arm::is_guid(words[0])))) group = words[type - 1];
  std::string scope = "/subscriptions/" + subscription;
  if (in_group && !group.empty()) scope += "/resourceGroups/" + group;
  const auto names = names_from(words.subspan(type + 1));
  return make_id(scope, words[type], names);
}

}  // namespace

Result<std::string> id_function(const Target& target, std::string_view name,
                                std::span<const json::value> arguments) {
  std::vector<std::string> words;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    auto word = text_argument(arguments, i);
    if (!word) return tl::unexpected(word.error());
    words.push_back(std::move(*word));
  }
  const std::span<const std::string> all(words);
  if (name == "extensionresourceid" || name == "tenantresourceid") {
    const std::size_t type = name == "tenantresourceid" ? 0 : 1;
    if (words.size() < type + 2) return fail(ErrorCode::invalid_argument, "a type and names are expected");
    const auto names = names_from(all.subspan(type + 1));
    return make_id(type == 0 ? "/" : words[0], words[type], names);
  }
  return resource_id(target, all, name == "resourceid");
}

}  // namespace peering::api::tmpl
