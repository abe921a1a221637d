#include "api/tracked_resource.h"

#include <utility>

#include "api/arm/body.h"
#include "api/arm/names.h"
#include "api/arm/tags.h"

namespace peering::api {

arm::Expected<std::string> read_location(const json::value& body, const std::optional<Record>& before) {
  const auto location = arm::text_member(body, "location", "location", 128);
  if (!location) return tl::unexpected(location.error());
  if (!*location || (*location)->empty()) {
    return arm::refuse(400, "LocationRequired", "The location property is required for this definition.");
  }
  if (!before) return **location;
  const std::string existing(before->document.at("location").as_string());
  if (!arm::same_region(existing, **location)) {
    return arm::refuse(
        409, "InvalidResourceLocation",
        fmt::format("The resource '{}' already exists in location '{}'. A resource with the same "
                    "name cannot be created in location '{}'.",
                    std::string(before->document.at("name").as_string()), existing, **location));
  }
  return existing;
}

void set_or_erase(json::object& document, std::string_view key, json::object value) {
  if (value.empty()) {
    document.erase(key);
  } else {
    document[key] = std::move(value);
  }
}

arm::Answer patch_tags(Call& call, std::string_view type, json::object (*show)(const Call&, const Record&)) {
  const auto record = load_existing(call, call.key);
  if (!record) return tl::unexpected(record.error());
  const auto body = arm::read_object(call.request);
  if (!body) return tl::unexpected(body.error());
  const json::value* current = record->document.if_contains("tags");
  auto tags = arm::merge_tags(current ? current->as_object() : json::object(), *body);
  if (!tags) return tl::unexpected(tags.error());
  json::object document = record->document;
  set_or_erase(document, "tags", std::move(*tags));
  if (auto saved = save(call, {call.key, type, "", ""}, document, *record); !saved) {
    return tl::unexpected(saved.error());
  }
  return arm::json_response(200, show(call, Record{{}, std::move(document)}));
}

}  // namespace peering::api
