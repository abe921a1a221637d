// What the document of a subscription says beside its name: which providers it has given up, and whether it
// was made ready for connection monitor tests.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/call.h"
#include "base/json.h"

namespace peering::api {

/// A subscription has every provider until it unregisters it. Namespaces compare without case.
bool is_registered(const json::object& subscription, std::string_view name_space);
void set_registered(json::object& subscription, std::string_view name_space, bool registered);

/// The id of the workspace that `initializeConnectionMonitor` made; nothing: it was not asked to.
std::optional<std::string> workspace_of(const json::object& subscription);
void set_workspace(json::object& subscription, std::string_view id);

/// The subscription that the request is about, or 404.
arm::Expected<Record> load_subscription(const Call& call);

/// 409 `MissingSubscriptionRegistration`, in the words by which Azure's clients know what to register, unless
/// the subscription has the provider.
arm::Expected<void> check_registered(const Call& call, std::string_view name_space);

}  // namespace peering::api
