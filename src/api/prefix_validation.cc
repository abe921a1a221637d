#include "api/prefix_validation.h"

#include <algorithm>

namespace peering::api {

namespace {

constexpr std::string_view failed_state = "Failed";

const Requirement* first(const std::vector<Requirement>& all, RequirementResult result) {
  const auto found = std::ranges::find(all, result, &Requirement::result);
  return found == all.end() ? nullptr : &*found;
}

bool passes(const std::vector<Requirement>& all, std::string_view name) {
  return std::ranges::any_of(all, [&](const Requirement& each) {
    return each.name == name && each.result == RequirementResult::pass;
  });
}

PrefixValidation judge(std::vector<Requirement> requirements, Microseconds age) {
  PrefixValidation out;
  out.requirements = std::move(requirements);
  if (const Requirement* failed = first(out.requirements, RequirementResult::fail)) {
    out.state = failed_state;
    out.error_message = failed->message;
  } else if (passes(out.requirements, "prefixReceived")) {
    out.state = "Verified";
  } else if (age > validation_patience) {
    // Only a router that we hear nothing of could say.
    out.state = "Unknown";
    const Requirement* unknown = first(out.requirements, RequirementResult::unknown);
    if (unknown) out.error_message = unknown->message;
  }
  return out;
}

// Is the provider in the path of a route that the prefix was verified by?
bool through_provider(const PrefixFacts& facts, const std::vector<Requirement>& requirements) {
  if (!facts.provider) return false;
  const std::vector<net::Asn>& asns = facts.provider->asns;
  return std::ranges::any_of(facts.routes, [&](const rib::Route& route) {
    if (route.prefix != facts.expectation.prefix || !route.attributes || !route.peer) return false;
    const bool used = std::ranges::any_of(requirements, [&](const Requirement& each) {
      return each.name == "prefixReceived" && each.session == route.peer->key.address.to_string();
    });
    return used && std::ranges::any_of(route.attributes->as_path.asns, [&](net::Asn asn) {
             return std::ranges::find(asns, asn) != asns.end();
           });
  });
}

}  // namespace

PrefixValidation validate_prefix(const PrefixFacts& facts) {
  PrefixValidation out = judge(prefix_requirements(facts), facts.age);
  if (out.state != "Verified") return out;
  const bool by_provider = passes(out.requirements, "prefixKey") || through_provider(facts, out.requirements);
  out.learned_type = by_provider ? "ViaServiceProvider" : "ViaSession";
  return out;
}

PrefixValidation validate_registered_prefix(const net::Prefix& prefix, std::span<const rib::Route> routes,
                                            std::span<const ProviderSession> sessions,
                                            const Settings& settings, Microseconds age) {
  return judge(registered_prefix_requirements(prefix, routes, sessions, settings, age), age);
}

PrefixValidation validation_without_routes() {
  PrefixValidation out;
  out.state = failed_state;
  out.error_message = "Internal server error";
  out.requirements.push_back({.name = "routingTable",
                              .result = RequirementResult::fail,
                              .expected = "an answer of the routing table",
                              .action = "Ask again; if it stays so, ask the operator",
                              .message = out.error_message});
  return out;
}

json::object to_json(const PrefixValidation& validation, TimePoint at) {
  json::array requirements;
  for (const Requirement& each : validation.requirements) requirements.push_back(to_json(each));
  json::object out{{"state", validation.state}, {"checkedAt", format_rfc3339(at)}};
  if (!validation.error_message.empty()) out["errorMessage"] = validation.error_message;
  out["requirements"] = std::move(requirements);
  return out;
}

}  // namespace peering::api
