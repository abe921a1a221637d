// Whether a registered prefix is announced as it should be, judged from the routes seen now.
//
// Only what can be seen is claimed. Checked: the prefix is not private; a route for exactly this prefix is
// there, with an expected origin, a short path without private AS numbers, and the service's community where
// one is configured. Not checked until peerings are registered: the key, and that every session of the
// provider announces it.
#pragma once

#include <span>
#include <string>

#include "api/api.h"
#include "base/time.h"
#include "model/registry.h"
#include "rib/route.h"

namespace peering::api {

/// prefixValidationState, learnedType, errorMessage.
struct PrefixValidation {
  std::string state = "Pending";
  std::string learned_type = "None";
  std::string error_message;  ///< empty: none
  friend bool operator==(const PrefixValidation&, const PrefixValidation&) = default;
};

/// A prefix without a route is `Pending` for this long after its registration, then `Failed`.
inline constexpr std::chrono::seconds validation_patience{5};

/// Private, loopback, link-local, multicast and reserved space, which can never be announced.
bool is_private(const net::Prefix& prefix);

/// `routes` may hold covering and more specific ones too. `provider` may be null. `age`: since registration.
PrefixValidation validate_prefix(const model::Expectation& expectation, std::span<const rib::Route> routes,
                                 const ServiceProvider* provider, const Settings& settings, Microseconds age);

/// "8075:8007" of an RFC 1997 community.
std::string community_text(std::uint32_t community);

}  // namespace peering::api
