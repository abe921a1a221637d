// The api-version parameter: which versions each namespace has.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "api/arm/failure.h"

namespace peering::api::arm {

/// The versions of a provider's namespace (compared without case), newest first; empty for a namespace that
/// is not ours. An empty namespace means ARM itself: subscriptions, resource groups, provider registration.
std::span<const std::string_view> api_versions(std::string_view name_space);

/// 400 `MissingApiVersionParameter` or `InvalidApiVersionParameter`. `version` is the decoded parameter.
Expected<void> check_api_version(std::string_view name_space, const std::optional<std::string>& version);

/// Whether a version that was asked for is this one or a later one. Both begin with their date.
bool is_since(std::string_view version, std::string_view first);

}  // namespace peering::api::arm
