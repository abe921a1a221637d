// The prefixes of ours whose traffic over a peering is not billed: those that the catalogue has at its metro.
#include <algorithm>

#include "api/arm/names.h"
#include "api/handlers.h"
#include "api/peering_sessions.h"

namespace peering::api {

namespace {

struct Unbilled {
  net::Prefix prefix;
  std::string region;
};

// The prefix of which both are the halves; nothing: they are not.
std::optional<net::Prefix> union_of(const net::Prefix& lower, const net::Prefix& upper) {
  if (lower == upper || lower.length() != upper.length() || lower.length() == 0) return std::nullopt;
  const net::Prefix whole = lower.truncated(lower.length() - 1);
  return whole.covers(upper) ? std::optional(whole) : std::nullopt;
}

// Merges what is in order: what another one covers goes, halves become their whole.
std::vector<Unbilled> consolidated(const std::vector<Unbilled>& all) {
  std::vector<Unbilled> out;
  for (const Unbilled& each : all) {
    if (!out.empty() && out.back().region == each.region && out.back().prefix.covers(each.prefix)) continue;
    out.push_back(each);
    while (out.size() > 1) {
      const Unbilled &lower = out[out.size() - 2], &upper = out.back();
      const auto whole = lower.region == upper.region ? union_of(lower.prefix, upper.prefix) : std::nullopt;
      if (!whole) break;
      out.pop_back();
      out.back().prefix = *whole;
    }
  }
  return out;
}

arm::Expected<bool> read_consolidate(const Call& call) {
  const auto given = call.query.get("consolidate");
  if (!given || arm::same_name(*given, "false")) return false;
  if (arm::same_name(*given, "true")) return true;
  return arm::bad_argument("consolidate", *given, "true or false");
}

}  // namespace

arm::Answer list_rp_unbilled_prefixes(Call& call) {
  const auto peering = load_parent(call, call.key.substr(0, call.key.rfind('/')));
  if (!peering) return tl::unexpected(peering.error());
  const auto consolidate = read_consolidate(call);
  if (!consolidate) return tl::unexpected(consolidate.error());
  const PeeringNow now = peering_now(peering->document, *call.services.sessions());
  const CatalogPointer catalog = call.services.catalog();
  const Metro* metro = catalog->find_metro(now.location);
  std::vector<Unbilled> all;
  if (metro) {
    for (const CdnPrefix& each : metro->cdn_prefixes) all.push_back({each.prefix, each.azure_region});
  }
  std::ranges::stable_sort(all, {}, &Unbilled::prefix);
  if (*consolidate) all = consolidated(all);
  json::array items;
  for (const Unbilled& each : all) {
    items.push_back(json::object{
        {"prefix", each.prefix.to_string()}, {"azureRegion", each.region}, {"peerAsn", now.asn}});
  }
  return list_values(call, items);
}

}  // namespace peering::api
