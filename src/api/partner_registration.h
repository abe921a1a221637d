// What a partner registers for customers on a peering: an AS number or a prefix. Both get a key, which the
// customer writes into the prefixes of a peering service.
#pragma once

#include <string_view>

#include "api/call.h"

namespace peering::api {

/// Is a connection of the peering in the state Active?
bool has_active_connection(const Record& peering);

/// The peering, if it can have new registrations: 404 `ParentResourceNotFound`; 400 `BadArgument` when none
/// of its connections is Active and `before` is none.
arm::Expected<void> check_registrable(const Call& call, const Record& peering,
                                      const std::optional<Record>& before);

/// A document under the peering without its `properties`; `collection` is the type's last part in its one
/// spelling ("registeredAsns").
json::object new_registration(const Call& call, const Record& peering, std::string_view collection,
                              const std::string& name);

/// The key that the registration had, or a new one.
std::string key_of(const std::optional<Record>& before);

/// 400 when the value of an existing registration would be another one.
arm::Expected<void> check_same_value(const std::optional<Record>& before, std::string_view member,
                                     const json::value& given);

}  // namespace peering::api
