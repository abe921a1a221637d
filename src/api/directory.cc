// Who stands behind the id of a principal, as Azure's command line asks Microsoft Graph: tokens are service
// principals. Told to those who deal in the token; others see ids.
#include <algorithm>
#include <optional>
#include <set>

#include "api/arm/body.h"
#include "api/arm/names.h"
#include "api/documents.h"
#include "api/handlers.h"

namespace peering::api {

namespace {

constexpr std::size_t tokens_max = 10000;
constexpr std::size_t texts_max = 1000;
constexpr std::size_t text_bytes_max = 256;

json::object shown_principal(const Token& token) {
  // The first one is what `az` shows.
  json::array names;
  if (!token.name.empty()) names.emplace_back(token.name);
  names.emplace_back(token.id);
  return {{"@odata.type", "#microsoft.graph.servicePrincipal"},
          {"id", token.id},
          {"appId", token.id},
          {"displayName", token.name.empty() ? token.id : token.name},
          {"servicePrincipalNames", std::move(names)},
          {"servicePrincipalType", "Application"}};
}

template <class Test>
arm::Answer list_principals(const Call& call, Test is_wanted) {
  const auto records = load_all(call, token_type, token_key(""), tokens_max);
  if (!records) return tl::unexpected(records.error());
  json::array out;
  for (const Record& record : *records) {
    const auto token = token_from_json(json::value(record.document));
    if (!token) return arm::failed(token.error());
    if (deals_in(call.caller, model::lower(token->scope)) && is_wanted(*token)) {
      out.push_back(shown_principal(*token));
    }
  }
  return arm::json_response(200, json::object{{"value", std::move(out)}});
}

// The literal of "servicePrincipalNames/any(c:c eq 'x')" or "displayName eq 'x'"; nothing for others.
std::optional<std::string> wanted_name(std::string_view filter) {
  const std::size_t begin = filter.find(" eq '"), end = filter.rfind('\'');
  if (begin == std::string_view::npos || end < begin + 5) return std::nullopt;
  const std::string_view field = filter.substr(0, begin);
  const bool known =
      field == "servicePrincipalNames/any(c:c" || field == "displayName" || field == "appId" || field == "id";
  return known ? std::optional(std::string(filter.substr(begin + 5, end - begin - 5))) : std::nullopt;
}

// In lower case; empty when there is none.
arm::Expected<std::set<std::string>> read_texts(const json::value& body, std::string_view field) {
  std::set<std::string> out;
  const json::value* given = find(body, field);
  if (!given || given->is_null()) return out;
  const auto is_text = [](const json::value& each) {
    const json::string* text = each.if_string();
    return text && text->size() <= text_bytes_max &&
           !arm::has_control_character({text->data(), text->size()});
  };
  const json::array* list = given->if_array();
  if (!list || list->size() > texts_max || !std::ranges::all_of(*list, is_text)) {
    return arm::bad_content(field, json::serialize(*given), "a list of at most 1000 short texts");
  }
  for (const json::value& each : *list) out.insert(model::lower(std::string_view(each.get_string())));
  return out;
}

}  // namespace

arm::Answer list_service_principals(Call& call) {
  const std::string filter = call.query.get("$filter").value_or("");
  if (filter.empty()) return list_principals(call, [](const Token&) { return true; });
  const auto name = wanted_name(filter);
  if (!name) {
    return arm::bad_argument("$filter", filter,
                             "servicePrincipalNames/any(c:c eq '…'), displayName eq '…' or appId eq '…'");
  }
  return list_principals(call, [&](const Token& token) {
    return arm::same_name(*name, token.id) || (!name->empty() && arm::same_name(*name, token.name));
  });
}

arm::Answer get_directory_objects(Call& call) {
  const auto body = arm::read_object(call.request);
  if (!body) return tl::unexpected(body.error());
  const auto ids = read_texts(*body, "ids"), types = read_texts(*body, "types");
  if (!ids) return tl::unexpected(ids.error());
  if (!types) return tl::unexpected(types.error());
  const bool others_only = !types->empty() && !types->contains("serviceprincipal");
  return list_principals(
      call, [&](const Token& token) { return !others_only && ids->contains(model::lower(token.id)); });
}

}  // namespace peering::api
