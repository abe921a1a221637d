// Whether a registered prefix is announced as it should be: prefixValidationState, learnedType and
// errorMessage of what its requirements say (prefix_requirements.h).
#pragma once

#include <span>
#include <string>
#include <vector>

#include "api/prefix_requirements.h"

namespace peering::api {

/// prefixValidationState, learnedType, errorMessage, and why.
struct PrefixValidation {
  std::string state = "Pending";
  std::string learned_type = "None";
  std::string error_message;  ///< empty: none
  std::vector<Requirement> requirements;
  friend bool operator==(const PrefixValidation&, const PrefixValidation&) = default;
};

PrefixValidation validate_prefix(const PrefixFacts& facts);

/// The same of a prefix that a partner registered; nothing is learned there.
PrefixValidation validate_registered_prefix(const net::Prefix& prefix, std::span<const rib::Route> routes,
                                            std::span<const ProviderSession> sessions,
                                            const Settings& settings, Microseconds age);

/// When the routing table gave no answer.
PrefixValidation validation_without_routes();

/// `{"state", "checkedAt", "requirements"}`, and `errorMessage` where there is one.
json::object to_json(const PrefixValidation& validation, TimePoint at);

}  // namespace peering::api
