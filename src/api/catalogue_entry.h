// An entry of a catalogue list: an ARM resource of the subscription that nobody can write.
#pragma once

#include <string_view>

#include "api/call.h"

namespace peering::api {

/// `type` is the last part of the type: "peeringLocations". The id lies under the subscription of the call.
json::object catalogue_entry(const Call& call, std::string_view type, std::string_view name,
                             json::object properties);

}  // namespace peering::api
