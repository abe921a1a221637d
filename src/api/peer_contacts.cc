#include "api/peer_contacts.h"

#include <algorithm>
#include <array>

#include "api/arm/api_version.h"
#include "api/arm/body.h"
#include "api/arm/names.h"

namespace peering::api {

namespace {

constexpr std::array<std::string_view, 6> contact_roles = {"Noc",     "Policy",     "Technical",
                                                           "Service", "Escalation", "Other"};
constexpr std::size_t contacts_max = 50;
constexpr std::string_view detail_key = "peerContactDetail", info_key = "peerContactInfo";
// The texts of a contact, and the lists of them in the earlier shape.
constexpr std::array<std::pair<std::string_view, std::string_view>, 2> text_keys = {
    {{"email", "emails"}, {"phone", "phone"}}};

bool has_roles(std::string_view version) { return arm::is_since(version, "2020"); }

arm::Expected<json::object> read_contact(const json::value& value, const std::string& path) {
  if (!value.is_object()) return arm::bad_content(path, json::serialize(value), "an object");
  json::object out;
  for (const std::string_view key : {"role", "email", "phone"}) {
    const auto text = arm::text_member(value, key, fmt::format("{}.{}", path, key), 256);
    if (!text) return tl::unexpected(text.error());
    if (*text) out[key] = **text;
  }
  if (const json::value* role = out.if_contains("role")) {
    const std::string given(role->as_string());
    const auto known = std::ranges::find_if(
        contact_roles, [&](std::string_view each) { return arm::same_name(each, given); });
    if (known == contact_roles.end()) {
      return arm::bad_content(path + ".role", given, "Noc, Policy, Technical, Service, Escalation or Other");
    }
    out["role"] = *known;
  }
  return out;
}

arm::Expected<json::array> read_detail(const json::value& properties) {
  json::array out;
  const json::value* list = find(properties, "peerContactDetail");
  if (!list || list->is_null()) return out;
  if (!list->is_array()) {
    return arm::bad_content("properties.peerContactDetail", json::serialize(*list), "a list");
  }
  if (list->get_array().size() > contacts_max) {
    return arm::bad_content("properties.peerContactDetail",
                            fmt::format("{} contacts", list->get_array().size()), "at most 50 contacts");
  }
  for (const json::value& item : list->get_array()) {
    auto contact = read_contact(item, fmt::format("properties.peerContactDetail[{}]", out.size()));
    if (!contact) return tl::unexpected(contact.error());
    out.push_back(std::move(*contact));
  }
  return out;
}

// The first address and the first number are one contact, and so on.
arm::Expected<json::array> read_info(const json::value& properties) {
  const std::string path = fmt::format("properties.{}", info_key);
  const auto given = arm::object_member(properties, info_key, path);
  if (!given) return tl::unexpected(given.error());
  json::array out;
  for (const auto& [text_key, list_key] : text_keys) {
    const json::value* list = given->if_contains(list_key);
    if (!list || list->is_null()) continue;
    const std::string field = fmt::format("{}.{}", path, list_key);
    const json::array* texts = list->if_array();
    const bool fits = texts && texts->size() <= contacts_max &&
                      std::ranges::all_of(*texts, [](const json::value& each) { return each.is_string(); });
    if (!fits) return arm::bad_content(field, json::serialize(*list), "a list of at most 50 texts");
    for (std::size_t n = 0; n < texts->size(); ++n) {
      if (out.size() == n) out.push_back(json::object());
      const auto text = arm::text_member(json::object{{"text", (*texts)[n]}}, "text", field, 256);
      if (!text) return tl::unexpected(text.error());
      out[n].as_object()[text_key] = **text;
    }
  }
  return out;
}

json::object info_of(const json::array& contacts) {
  json::object out;
  for (const auto& [text_key, list_key] : text_keys) {
    json::array texts;
    for (const json::value& each : contacts) {
      if (const json::value* text = find(each, text_key)) texts.push_back(*text);
    }
    out[list_key] = std::move(texts);
  }
  return out;
}

}  // namespace

arm::Expected<json::array> read_contacts(const json::value& properties, std::string_view version) {
  return has_roles(version) ? read_detail(properties) : read_info(properties);
}

void show_contacts(std::string_view version, json::object& properties) {
  const json::value* contacts = properties.if_contains(detail_key);
  if (!contacts || has_roles(version)) return;
  json::object info = info_of(contacts->get_array());
  properties.erase(detail_key);
  properties[info_key] = std::move(info);
}

}  // namespace peering::api
