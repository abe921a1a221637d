// Open.Peering/latencyComparison: of a subscription or a resource group its partners and locations, of a
// connection or a prefix its PoPs; which is the best, who is as good, who is behind. Kinds of samples are
// compared apart.
#include <map>
#include <set>

#include "api/arm/names.h"
#include "api/documents.h"
#include "api/handlers.h"
#include "api/latency_query.h"
#include "latency/comparison.h"

namespace peering::api {

namespace {

constexpr std::size_t compared_prefixes_max = 1000, compared_services_max = 1000;
constexpr std::string_view provider_part = "provider", location_part = "location", pop_part = "pop";

// What a candidate is: the value of each part that is compared by.
using Name = std::vector<std::string>;

struct Candidate {
  sketch::LatencySketch sketch;
  std::set<std::string> connections, prefixes;  // keys
};
using Candidates = std::map<Name, Candidate>;

struct ComparisonQuery {
  latency::ReportQuery span;
  std::vector<std::string_view> by;
};

// A connection and the prefixes of it that are compared.
struct Compared {
  Record service;
  std::vector<Record> prefixes;
};

arm::Expected<std::vector<std::string_view>> read_parts(const Call& call, bool of_services) {
  const std::string text = call.query.get("by").value_or(of_services ? "provider,location" : "pop");
  if (!of_services) {
    if (!arm::same_name(text, pop_part)) return arm::bad_argument("by", text, "pop");
    return std::vector{pop_part};
  }
  if (arm::same_name(text, "provider,location")) return std::vector{provider_part, location_part};
  if (arm::same_name(text, provider_part)) return std::vector{provider_part};
  if (arm::same_name(text, location_part)) return std::vector{location_part};
  return arm::bad_argument("by", text, "provider, location, or provider,location");
}

arm::Expected<ComparisonQuery> read_comparison(const Call& call, bool of_services) {
  auto span = read_latency_span(call.query, "P7D", call.at);
  if (!span) return tl::unexpected(span.error());
  auto by = read_parts(call, of_services);
  if (!by) return tl::unexpected(by.error());
  return ComparisonQuery{std::move(*span), std::move(*by)};
}

arm::Expected<std::vector<Record>> prefixes_of(const Call& call, const Record& service, std::size_t most) {
  auto out = load_all(call, prefix_type, service.stored.key + "/", most + 1);
  if (out && out->size() > most)
    return arm::refuse(400, "BadRequest",
                       "More than 1000 prefixes are in question: ask for a resource group or a connection.");
  return out;
}

// Of a subscription or a resource group.
arm::Expected<std::vector<Compared>> below(const Call& call, const std::string& scope) {
  auto services = load_all(call, peering_service_type, scope + "/", compared_services_max);
  if (!services) return tl::unexpected(services.error());
  std::vector<Compared> out;
  std::size_t left = compared_prefixes_max;
  for (Record& service : *services) {
    auto prefixes = prefixes_of(call, service, left);
    if (!prefixes) return tl::unexpected(prefixes.error());
    left -= prefixes->size();
    out.push_back({std::move(service), std::move(*prefixes)});
  }
  return out;
}

arm::Expected<std::vector<Compared>> compared_of(const Call& call, const std::string& scope) {
  if (scope.find("/providers/") == std::string::npos) return below(call, scope);
  auto base = load_parent(call, scope);
  if (!base) return tl::unexpected(base.error());
  if (base->stored.type != peering_service_type) return std::vector<Compared>{{*base, {*base}}};
  auto prefixes = prefixes_of(call, *base, compared_prefixes_max);
  if (!prefixes) return tl::unexpected(prefixes.error());
  return std::vector<Compared>{{std::move(*base), std::move(*prefixes)}};
}

std::string property_of(const Record& service, std::string_view name) {
  const json::value* properties = service.document.if_contains("properties");
  return properties ? find_string(*properties, name).value_or("") : "";
}

Name name_of(const std::vector<std::string_view>& by, const Record& service, const std::string& pop) {
  Name out;
  for (const std::string_view part : by) {
    if (part == pop_part) out.push_back(pop);
    if (part == provider_part) out.push_back(property_of(service, "peeringServiceProvider"));
    if (part == location_part) out.push_back(property_of(service, "peeringServiceLocation"));
  }
  return out;
}

// As wide bins as the time span can be made of: they are only summed up.
Microseconds resolution_of(const latency::ReportQuery& span) {
  constexpr Microseconds hour = std::chrono::hours(1);
  const auto whole = [&](TimePoint at) { return model::round_down(at, hour) == at; };
  return whole(span.from) && whole(span.to) ? hour : latency::bin_width;
}

arm::Expected<std::map<model::SampleKind, Candidates>> collect(const Call& call, const ComparisonQuery& query,
                                                               const std::vector<Compared>& all) {
  std::map<model::SampleKind, Candidates> out;
  for (const auto& [service, prefixes] : all) {
    for (const Record& prefix : prefixes) {
      const auto bins = call.services.latency_bins(
          {prefix.stored.key, latency::bin_start(query.span.from), query.span.to, resolution_of(query.span)});
      if (!bins) return arm::failed(bins.error());
      for (const latency::SeriesBin& bin : *bins) {
        Candidate& candidate = out[bin.series->kind][name_of(query.by, service, bin.series->pop)];
        candidate.sketch.merge(bin.sketch);
        candidate.connections.insert(service.stored.key);
        candidate.prefixes.insert(prefix.stored.key);
      }
    }
  }
  return out;
}

std::int64_t whole(double us) { return std::llround(us); }

json::array interval(const latency::MedianInterval& of) { return {whole(of.low), whole(of.high)}; }

json::object candidate_object(const ComparisonQuery& query, const Name& name, const Candidate& candidate,
                              const latency::Compared& compared) {
  json::object out;
  for (std::size_t i = 0; i < name.size(); ++i) out[query.by[i]] = name[i];
  out["connections"] = candidate.connections.size();
  out["prefixes"] = candidate.prefixes.size();
  out["count"] = candidate.sketch.count();
  out["p50_us"] = whole(candidate.sketch.quantile(0.5));
  out["p95_us"] = whole(candidate.sketch.quantile(0.95));
  if (compared.median) out["median_ci95_us"] = interval(*compared.median);
  out["standing"] = latency::to_string(compared.standing);
  if (compared.behind) {
    out["behind_us"] = whole(compared.behind->median);
    out["behind_ci95_us"] = interval(*compared.behind);
  }
  return out;
}

// The PoP that serves most samples, and whether another is nearer.
void add_pops(json::object& out, const Candidates& candidates,
              const std::vector<latency::Compared>& compared) {
  const std::string* serving = nullptr;
  const std::string* nearest = nullptr;
  std::uint64_t most = 0;
  auto standing = latency::Standing::insufficient;
  std::size_t i = 0;
  for (const auto& [name, candidate] : candidates) {
    const auto mine = compared[i++].standing;
    if (mine == latency::Standing::best) nearest = &name[0];
    if (candidate.sketch.count() <= most) continue;
    most = candidate.sketch.count();
    serving = &name[0];
    standing = mine;
  }
  if (!serving || !nearest) return;
  out["serving"] = *serving;
  out["nearest"] = *nearest;
  out["servedByNearest"] = standing == latency::Standing::best || standing == latency::Standing::tie;
}

// The best first, those that are not compared last.
json::object kind_object(const ComparisonQuery& query, model::SampleKind kind, const Candidates& candidates) {
  std::vector<sketch::LatencySketch> sketches;
  for (const auto& [name, candidate] : candidates) sketches.push_back(candidate.sketch);
  const std::vector<latency::Compared> compared = latency::compare(sketches);
  std::multimap<std::pair<bool, double>, json::object> in_order;
  std::size_t i = 0;
  for (const auto& [name, candidate] : candidates) {
    const latency::Compared& mine = compared[i++];
    const bool last = mine.standing == latency::Standing::insufficient;
    in_order.emplace(std::pair(last, candidate.sketch.quantile(0.5)),
                     candidate_object(query, name, candidate, mine));
  }
  json::array items;
  for (auto& [place, object] : in_order) items.push_back(std::move(object));
  json::object out{{"kind", model::to_string(kind)}};
  if (query.by.front() == pop_part) add_pops(out, candidates, compared);
  out["candidates"] = std::move(items);
  return out;
}

}  // namespace

arm::Answer get_latency_comparison(Call& call) {
  const std::string scope = call.base_key();
  const bool of_services = scope.find("/providers/") == std::string::npos;
  const auto query = read_comparison(call, of_services);
  if (!query) return tl::unexpected(query.error());
  const auto all = compared_of(call, scope);
  if (!all) return tl::unexpected(all.error());
  const auto kinds = collect(call, *query, *all);
  if (!kinds) return tl::unexpected(kinds.error());
  json::array by, of_kinds;
  for (const std::string_view part : query->by) by.emplace_back(part);
  for (const auto& [kind, candidates] : *kinds) of_kinds.push_back(kind_object(*query, kind, candidates));
  const latency::TieBand band;
  return arm::json_response(
      200, json::object{{"timespan", query->span.timespan_text},
                        {"from", format_rfc3339(query->span.from)},
                        {"to", format_rfc3339(query->span.to)},
                        {"by", std::move(by)},
                        {"tieBand", json::object{{"us", band.us}, {"fraction", band.fraction}}},
                        {"kinds", std::move(of_kinds)}});
}

}  // namespace peering::api
