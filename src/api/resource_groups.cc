// Resource groups, as in Azure Resource Manager; deleting one deletes what is in it.
#include "api/arm/body.h"
#include "api/arm/names.h"
#include "api/arm/tags.h"
#include "api/documents.h"
#include "api/handlers.h"
#include "api/tracked_resource.h"

namespace peering::api {

namespace {

json::object shown_group(const Record& record) {
  json::object out{{"id", record.document.at("id")},
                   {"name", record.document.at("name")},
                   {"type", "Microsoft.Resources/resourceGroups"},
                   {"location", record.document.at("location")}};
  if (const json::value* tags = record.document.if_contains("tags")) out["tags"] = *tags;
  out["properties"] = json::object{{"provisioningState", "Succeeded"}};
  return out;
}

}  // namespace

arm::Answer list_resource_groups(Call& call) {
  return list_stored(call, resource_group_type, call.key + "/",
                     [](const Record& record) -> arm::Expected<json::value> { return shown_group(record); });
}

arm::Answer get_resource_group(Call& call) {
  const auto record = load_existing(call, call.key);
  if (!record) return tl::unexpected(record.error());
  return arm::json_response(200, shown_group(*record));
}

arm::Answer head_resource_group(Call&) {
  // That it exists was checked on the way here.
  http::Response out;
  out.status = 204;
  return out;
}

arm::Answer put_resource_group(Call& call) {
  const std::string& name = call.parameter("resourceGroupName");
  if (!arm::is_resource_group_name(name)) {
    return arm::refuse(400, "InvalidResourceName",
                       invalid("resourceGroupName", name, arm::resource_group_name_rule).message);
  }
  const auto body = arm::read_object(call.request);
  if (!body) return tl::unexpected(body.error());
  const auto location = arm::text_member(*body, "location", "location", 128);
  if (!location) return tl::unexpected(location.error());
  if (!*location || (*location)->empty()) {
    return arm::refuse(400, "LocationRequired", "The location property is required for this definition.");
  }
  auto tags = arm::read_tags(*body);
  if (!tags) return tl::unexpected(tags.error());
  const auto before = load(call, call.key);
  if (!before) return tl::unexpected(before.error());
  json::object document = *before ? (*before)->document : json::object();
  if (!*before) {
    document["id"] =
        fmt::format("/subscriptions/{}/resourceGroups/{}", call.parameter("subscriptionId"), name);
    document["name"] = name;
    document["type"] = "Microsoft.Resources/resourceGroups";
    document["location"] = **location;
    document["createdAt"] = format_rfc3339(call.at);
  } else if (!arm::same_region(std::string(document.at("location").as_string()), **location)) {
    return arm::refuse(
        409, "InvalidResourceGroupLocation",
        fmt::format("Invalid resource group location '{}'. The Resource group already exists in "
                    "location '{}'.",
                    **location, std::string(document.at("location").as_string())));
  }
  set_or_erase(document, "tags", std::move(*tags));
  if (auto saved = save(call, {call.key, resource_group_type, "", ""}, document, *before); !saved) {
    return tl::unexpected(saved.error());
  }
  return created_or_replaced(*before, shown_group(Record{{}, std::move(document)}));
}

arm::Answer patch_resource_group(Call& call) {
  return patch_tags(call, resource_group_type,
                    [](const Call&, const Record& record) { return shown_group(record); });
}

arm::Answer delete_resource_group(Call& call) {
  const auto existed = remove_with_children(call, call.key);
  if (!existed) return tl::unexpected(existed.error());
  return deleted(*existed);
}

}  // namespace peering::api
