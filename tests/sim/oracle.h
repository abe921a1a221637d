// What a route means, said as plainly as it can be, for the customers of this simulation.
#pragma once

#include <array>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "model/event.h"
#include "model/registry.h"
#include "rib/vrp_table.h"

namespace peering::seeded {

using Path = std::vector<net::Asn>;

/// The Internet of the simulation: who is who in it.
inline constexpr net::Asn owner = 64500, second_owner = 64501, upstream = 64496, second_upstream = 64499,
                          stranger = 64511, stray_neighbor = 64497;

/// What a customer expects of one registered prefix.
struct Claim {
  std::string_view name;         ///< of the registered prefix
  std::string_view prefix;       ///< as registered
  std::set<net::Asn> origins;    ///< empty: nobody may announce it
  std::set<net::Asn> upstreams;  ///< empty: not checked
};

/// A customer and what it claims.
struct Customer {
  std::string_view name;
  std::vector<Claim> claims;
};

/// Two customers; the second claims one of the first one's prefixes for another AS.
const std::vector<Customer>& customers();
/// Every prefix that may be announced: claimed ones and more specific ones.
const std::vector<std::string_view>& prefixes();

/// An AS that a customer watches wherever it stands in a path.
struct Monitored {
  std::string_view name;
  net::Asn asn = 0;
  std::optional<std::set<net::Asn>> upstreams, downstreams;  ///< absent: not checked
};
/// Lists that a customer may have; the first is empty.
const std::vector<std::vector<Monitored>>& monitored_lists();
/// Payloads that the RPKI may have.
const std::vector<rib::Vrp>& possible_vrps();

/// What verdicts depend on beside the route.
struct Circumstances {
  unsigned present = 3;                  ///< customers that have registered their prefixes, a bit each
  std::array<std::size_t, 2> monitor{};  ///< the list of each customer
  std::optional<unsigned> vrps;          ///< of `possible_vrps`, a bit each; absent: no RPKI data
};

/// What must be open while somebody shows it.
struct Verdict {
  model::EventKind kind;             ///< that a ROA is lost is said as that there is none
  std::string_view customer, claim;  ///< the name of what is registered or monitored
  std::string_view observed;
  net::Asn who = 0;  ///< the origin, or for a forged first hop or a monitored AS the neighbour
  friend auto operator<=>(const Verdict&, const Verdict&) = default;
};

/// All verdicts on one route, of every customer.
std::set<Verdict> verdicts_of(std::string_view observed, const Path& path, const Circumstances& under);
/// The verdict that the event tells, as far as the oracle knows its kind.
std::optional<Verdict> verdict_of(const model::Event& event);

/// The claims and what is monitored as the server holds them.
model::RegistryPointer registry_of(const Circumstances& circumstances);
/// Each parsed once.
const net::Prefix& prefix_of(std::string_view text);
std::string connection_of(const Customer& customer);

}  // namespace peering::seeded
