// Whom to reach about a peer ASN. Stored as `peerContactDetail`: a list of role, e-mail address and telephone
// number. Until the end of 2019 Azure had `peerContactInfo` instead: addresses and numbers without roles.
#pragma once

#include <string_view>

#include "api/arm/failure.h"
#include "base/json.h"

namespace peering::api {

/// The contacts that `properties` of a PUT name in the shape of the api-version, as they are stored; at most
/// 50. 400 `InvalidRequestContent` names the field.
arm::Expected<json::array> read_contacts(const json::value& properties, std::string_view version);

/// Gives the stored contacts of `properties` the shape of the api-version.
void show_contacts(std::string_view version, json::object& properties);

}  // namespace peering::api
