#include "rib/vrp_table.h"

#include <algorithm>
#include <iterator>

namespace peering::rib {

std::string_view to_string(Validity validity) {
  switch (validity) {
    case Validity::valid:
      return "valid";
    case Validity::invalid:
      return "invalid";
    case Validity::not_found:
      break;
  }
  return "not-found";
}

VrpTable::VrpTable(std::vector<Vrp> vrps) {
  for (Vrp& vrp : vrps) {
    vrp.length_max = std::max(vrp.length_max, static_cast<std::uint8_t>(vrp.prefix.length()));
  }
  std::sort(vrps.begin(), vrps.end());
  vrps.erase(std::unique(vrps.begin(), vrps.end()), vrps.end());
  std::vector<net::Prefix> prefixes;
  starts_.clear();
  authorisations_.reserve(vrps.size());
  for (const Vrp& vrp : vrps) {
    if (prefixes.empty() || prefixes.back() != vrp.prefix) {
      prefixes.push_back(vrp.prefix);
      starts_.push_back(static_cast<std::uint32_t>(authorisations_.size()));
    }
    authorisations_.push_back({vrp.asn, vrp.length_max});
  }
  starts_.push_back(static_cast<std::uint32_t>(authorisations_.size()));
  prefixes_ = PrefixSet(std::move(prefixes));
}

Validity VrpTable::validity(const net::Prefix& prefix, net::Asn origin) const {
  Validity out = Validity::not_found;
  prefixes_.for_covering(prefix, [&](PrefixSet::Index at) {
    out = Validity::invalid;
    for (const Authorisation& vrp : of(at)) {
      if (vrp.asn == origin && origin != 0 && prefix.length() <= vrp.length_max) {
        out = Validity::valid;
        return false;
      }
    }
    return true;
  });
  return out;
}

std::vector<Vrp> VrpTable::covering(const net::Prefix& prefix) const {
  std::vector<Vrp> out;
  prefixes_.for_covering(prefix, [&](PrefixSet::Index at) {
    for (const Authorisation& vrp : of(at)) out.push_back({prefixes_.prefix(at), vrp.length_max, vrp.asn});
    return true;
  });
  return out;
}

std::vector<Vrp> VrpTable::within(const net::Prefix& prefix, std::size_t limit) const {
  std::vector<Vrp> out;
  prefixes_.for_within(prefix, [&](PrefixSet::Index at) {
    for (const Authorisation& vrp : of(at)) {
      if (out.size() >= limit) return false;
      out.push_back({prefixes_.prefix(at), vrp.length_max, vrp.asn});
    }
    return true;
  });
  return out;
}

std::vector<Vrp> VrpTable::vrps() const {
  std::vector<Vrp> out;
  out.reserve(size());
  PrefixSet::Index at = 0;
  for (const net::Prefix& prefix : prefixes_.prefixes()) {
    for (const Authorisation& vrp : of(at)) out.push_back({prefix, vrp.length_max, vrp.asn});
    ++at;
  }
  return out;
}

std::size_t VrpTable::bytes() const {
  return prefixes_.bytes() + starts_.capacity() * sizeof(starts_[0]) +
         authorisations_.capacity() * sizeof(Authorisation);
}

VrpDelta difference(const VrpTable& before, const VrpTable& after) {
  const std::vector<Vrp> old = before.vrps(), now = after.vrps();
  std::vector<Vrp> added, removed;
  std::set_difference(now.begin(), now.end(), old.begin(), old.end(), std::back_inserter(added));
  std::set_difference(old.begin(), old.end(), now.begin(), now.end(), std::back_inserter(removed));
  return {VrpTable(std::move(added)), VrpTable(std::move(removed))};
}

}  // namespace peering::rib
