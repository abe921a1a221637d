// The JSON that validators export: rpki-client, Routinator, OctoRPKI, and what StayRTR and rtrclient read or
// write.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "rib/vrp_table.h"

namespace peering::rib {

/// A payload that is no longer valid after `at`, unless what it was made from is signed anew before.
struct Expiry {
  Vrp vrp;
  TimePoint at{};
  friend bool operator==(const Expiry&, const Expiry&) = default;
};

struct RpkiData {
  std::vector<Vrp> vrps;
  std::vector<wire::rtr::Aspa> aspas;
  std::map<std::string, std::size_t> by_trust_anchor;  ///< payloads of each, where the export says so (`ta`)
  std::vector<Expiry> expiries;                        ///< of the payloads of which it is said (`expires`)
};

/// Reads a list `[{"prefix", "maxLength"?, "asn": 64500 | "AS64500" | "64500"}]`, the `roas` of a watch file
/// and of an export. Other members are skipped, host bits are cleared. The error names the place, field and
/// rule.
Result<std::vector<Vrp>> vrps_from_json(const json::value& roas);
/// Reads a list `[{"customer_asid" | "customer", "providers": [64496 | "AS64496"]}]`.
Result<std::vector<wire::rtr::Aspa>> aspas_from_json(const json::value& aspas);
/// Reads a whole export, `ta` and `expires` (seconds since 1970) of its ROAs included: an object with `roas`,
/// `aspas`, or `provider_authorizations` with `ipv4` and `ipv6` (rpki-client before 8.5); or a bare list of
/// ROAs.
Result<RpkiData> rpki_from_json(std::string_view text);

}  // namespace peering::rib
