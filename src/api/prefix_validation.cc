#include "api/prefix_validation.h"

#include <algorithm>
#include <array>

namespace peering::api {

namespace {

constexpr std::string_view failed_state = "Failed";

bool is_private(net::Asn asn) {
  return (asn >= 64512 && asn <= 65534) || (asn >= 4200000000U && asn <= 4294967294U);
}

// Why this route does not verify the prefix; empty when it does.
std::string shortcoming(const model::Expectation& expectation, const rib::Route& route,
                        const Settings& settings) {
  const wire::bgp::PathAttributes& attributes = *route.attributes;
  for (const net::Asn origin : attributes.as_path.origins()) {
    if (!expectation.allows_origin(origin)) {
      return fmt::format("Received route for prefix {} has the origin AS{}, which is not expected",
                         route.prefix.to_string(), origin);
    }
  }
  const auto& wanted = settings.peering_service_community;
  if (wanted && std::ranges::find(attributes.communities, *wanted) == attributes.communities.end()) {
    return fmt::format("Received route for prefix {} should have the MAPS community {}",
                       route.prefix.to_string(), community_text(*wanted));
  }
  if (attributes.as_path.length() > settings.as_path_length_max) {
    return fmt::format("AS path length for prefix {} should be <={}, it is {}", route.prefix.to_string(),
                       settings.as_path_length_max, attributes.as_path.length());
  }
  if (std::ranges::any_of(attributes.as_path.asns, [](net::Asn asn) { return is_private(asn); })) {
    return fmt::format("AS path for prefix {} shouldn't have any private ASN", route.prefix.to_string());
  }
  return {};
}

bool through_provider(const rib::Route& route, const ServiceProvider* provider) {
  if (!provider) return false;
  return std::ranges::any_of(route.attributes->as_path.asns, [&](net::Asn asn) {
    return std::ranges::find(provider->asns, asn) != provider->asns.end();
  });
}

}  // namespace

bool is_private(const net::Prefix& prefix) {
  static const std::vector<net::Prefix> ranges = [] {
    std::vector<net::Prefix> out;
    for (const std::string_view text :
         {"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
          "192.168.0.0/16", "224.0.0.0/3", "::/8", "fc00::/7", "fe80::/10", "ff00::/8"}) {
      out.push_back(*net::Prefix::parse(text));
    }
    return out;
  }();
  return std::ranges::any_of(ranges, [&](const net::Prefix& range) { return range.covers(prefix); });
}

PrefixValidation validate_prefix(const model::Expectation& expectation, std::span<const rib::Route> routes,
                                 const ServiceProvider* provider, const Settings& settings,
                                 Microseconds age) {
  PrefixValidation out;
  if (is_private(expectation.prefix)) {
    return {std::string(failed_state), "None",
            "Peering service prefix is invalid: it is private or reserved"};
  }
  bool verified = false, by_provider = false;
  for (const rib::Route& route : routes) {
    if (route.prefix != expectation.prefix || !route.attributes) continue;
    std::string reason = shortcoming(expectation, route, settings);
    if (reason.empty()) {
      verified = true;
      by_provider = by_provider || through_provider(route, provider);
    } else if (out.error_message.empty()) {
      out.error_message = std::move(reason);
    }
  }
  if (verified) return {"Verified", by_provider ? "ViaServiceProvider" : "ViaSession", ""};
  if (!out.error_message.empty()) {
    out.state = failed_state;
  } else if (age > validation_patience) {
    out.state = failed_state;
    out.error_message = "Prefix is not announced by the service provider";
  }
  return out;
}

std::string community_text(std::uint32_t community) {
  return fmt::format("{}:{}", community >> 16, community & 0xFFFF);
}

}  // namespace peering::api
