// Registers the simulation's customers, over the public API alone.
#pragma once

#include <string>
#include <vector>

#include "cli/api_client.h"
#include "sim/world.h"

namespace peering::cli {

struct RegistrationOptions {
  std::string subscription;
  std::string group = "demo";
  std::string webhook;  ///< address for alerts; empty: none
  std::string webhook_secret;
};

/// Subscription, resource group, one connection a customer with its prefixes and what is expected of them,
/// and, with a webhook, an alert channel and the opt-in to it. Doing it again changes nothing. Gives the
/// connections' ids.
Outcome<std::vector<std::string>> register_world(ApiClient& api, const sim::World& world,
                                                 const RegistrationOptions& options);

/// "prefix-1", … in the order of the customer's prefixes.
std::string prefix_name(std::size_t index);

}  // namespace peering::cli
