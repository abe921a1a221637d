// What a deployment would change, resource by resource.
#pragma once

#include <string>

#include "base/json.h"

namespace peering::api {

/// One entry of `changes`: before and after as they are shown, null where there is nothing. `with_payloads`:
/// as Azure's FullResourcePayloads, else ids and kinds of change only. States that the server observes (of a
/// session, of a prefix, of a test) are shown and are no change.
json::object what_if_change(const std::string& id, const json::value& before, const json::value& after,
                            bool with_payloads);

/// An entry for a resource that the template does not have: Delete or Ignore.
json::object what_if_other(const std::string& id, bool is_deleted);

/// What differs between two values: `{"path", "propertyChangeType", "before", "after"}` of each property.
json::array property_changes(const json::value& before, const json::value& after);

}  // namespace peering::api
