// What a prefix must meet to be Verified, one requirement after the other, each with the session and the
// route that it was judged by and what to do about it. Pure functions of values.
//
// Where the provider has no peering with this network, what is about its sessions and its keys does not
// apply, and a good route from anywhere will do.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/api.h"
#include "api/provider_network.h"
#include "base/time.h"
#include "model/registry.h"
#include "rib/route.h"

namespace peering::api {

enum class RequirementResult : std::uint8_t {
  pass,
  fail,
  unknown,         ///< what it takes to judge is not known (yet)
  not_applicable,  ///< nothing is required
};
/// "pass", "fail", "unknown", "notApplicable".
std::string_view to_string(RequirementResult result);

/// One requirement, as judged by one session or one route where it is about those.
struct Requirement {
  std::string name;
  RequirementResult result = RequirementResult::not_applicable;
  std::string session;   ///< address of the peer; empty: not about one session
  std::string seen;      ///< the route, or what else was seen; empty: nothing
  std::string expected;  ///< the rule
  std::string action;    ///< what to do; empty: nothing
  std::string message;   ///< one sentence, Azure's where it has one
  friend bool operator==(const Requirement&, const Requirement&) = default;
};
/// Members that are empty are left out, except `expected`, `action` and `message`.
json::object to_json(const Requirement& requirement);

/// What a prefix is judged by.
struct PrefixFacts {
  const model::Expectation& expectation;
  std::span<const rib::Route> routes;  ///< covering and more specific ones may be among them
  std::string_view provider_name;      ///< as the connection names it; empty: it names none
  const ServiceProvider* provider;     ///< null: not in the catalogue
  std::string_view primary_metro, backup_metro;
  std::string_view key;  ///< peeringServicePrefixKey in lower case; empty: none
  const model::Partners& partners;
  const ProviderNetwork& network;
  const Settings& settings;
  Microseconds age;  ///< since registration, or since its validation began again
};

/// All requirements of a prefix, in the order in which their messages are chosen.
std::vector<Requirement> prefix_requirements(const PrefixFacts& facts);

/// Those of a prefix that a partner registered: over all sessions of the peering.
std::vector<Requirement> registered_prefix_requirements(const net::Prefix& prefix,
                                                        std::span<const rib::Route> routes,
                                                        std::span<const ProviderSession> sessions,
                                                        const Settings& settings, Microseconds age);

/// A prefix without a route is `Pending` for this long after its registration, then `Failed`.
inline constexpr std::chrono::seconds validation_patience{5};

/// Private, loopback, link-local, multicast and reserved space, which can never be announced.
bool is_private(const net::Prefix& prefix);

/// "8075:8007" of an RFC 1997 community.
std::string community_text(std::uint32_t community);

}  // namespace peering::api
