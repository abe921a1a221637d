#include "feeds/other_families.h"

#include <algorithm>

namespace peering::feeds {

namespace {

constexpr std::array<std::string_view, 13> family_names = {
    "ipv4-multicast", "ipv6-multicast", "labelled",     "vpn",       "multicast-vpn", "vpls", "evpn",
    "flowspec",       "link-state",     "route-target", "sr-policy", "bgp-mup",       "other"};

// By IANA's registry of SAFIs; where one SAFI has several AFIs their routes are of one kind.
std::string_view name_of(wire::bgp::FamilyId family) {
  switch (family.safi) {
    case 2:
      return family.afi == 1 ? "ipv4-multicast" : family.afi == 2 ? "ipv6-multicast" : "other";
    case 4:
      return "labelled";
    case 5:
    case 129:
      return "multicast-vpn";
    case 65:
      return "vpls";
    case 70:
      return "evpn";
    case 71:
    case 72:
      return "link-state";
    case 73:
      return "sr-policy";
    case 85:
      return "bgp-mup";
    case 128:
      return "vpn";
    case 132:
      return "route-target";
    case 133:
    case 134:
      return "flowspec";
    default:
      return "other";
  }
}

}  // namespace

OtherFamilyCounters::OtherFamilyCounters(Metrics& metrics, std::string_view name) {
  for (std::size_t i = 0; i < family_names.size(); ++i) {
    by_name_[i] =
        &metrics.counter(name, "UPDATEs with routes of a family that no table here holds, by family.",
                         {{"family", std::string(family_names[i])}});
  }
}

void OtherFamilyCounters::count(const wire::bgp::OtherFamilies& families) {
  const auto add = [&](wire::bgp::FamilyId family) {
    const auto found = std::ranges::find(family_names, name_of(family));
    by_name_[static_cast<std::size_t>(found - family_names.begin())]->add();
  };
  if (families.announced) add(*families.announced);
  if (families.withdrawn && families.withdrawn != families.announced) add(*families.withdrawn);
}

}  // namespace peering::feeds
