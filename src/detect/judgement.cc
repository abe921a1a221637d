#include "detect/judgement.h"

#include <algorithm>

namespace peering::detect {

namespace {

bool silenced(const Deciding& deciding, const net::Prefix& observed) {
  return std::any_of(deciding.entries.begin(), deciding.entries.end(), [&](const auto& entry) {
    const model::Expectation& e = entry->expectation;
    return e.ignore || (e.ignore_more_specifics && observed != deciding.prefix);
  });
}

// A route is benign when one entry accepts all of it: what one entry objects to another must not excuse that
// objects to something else. So each question is put to those that had no objection so far.
void judge_by_entry(const Observation& observation, std::vector<Finding>& out) {
  const auto asked = [&](const Deciding& deciding) {
    return Observation{deciding,
                       observation.peer,
                       observation.observed,
                       observation.view,
                       observation.attributes,
                       observation.settings,
                       observation.lost_roas};
  };
  const Deciding origin = those_that_accept(observation.deciding, [&](const model::Expectation& e) {
    return allows_origins(e, observation.view.origins);
  });
  const Deciding hop = judge_first_hop(asked(origin), out);
  const Deciding prepends = judge_prepends(asked(hop), out);
  const Deciding path = judge_path_rules(asked(prepends), out);
  judge_no_export(asked(path), out);
}

}  // namespace

std::string tenant_of(const model::RegisteredPrefix& entry) {
  if (!entry.expectation.group.empty()) return entry.expectation.group;
  // "/subscriptions/{id}" of the connection's id; empty for a watch file.
  const std::string& id = entry.connection;
  const auto second = id.find('/', 1);
  const auto third = second == std::string::npos ? second : id.find('/', second + 1);
  return model::lower(std::string_view(id).substr(0, third));
}

std::vector<Deciding> deciding_entries(const model::Registry& registry, const net::Prefix& observed) {
  std::vector<Deciding> out;
  registry.watch.for_covering(observed, [&](const net::Prefix& prefix, const auto& entries) {
    for (const model::RegisteredPrefixPointer& entry : entries) {
      std::string tenant = tenant_of(*entry);
      auto at = std::find_if(out.begin(), out.end(), [&](const Deciding& d) { return d.tenant == tenant; });
      if (at == out.end()) at = out.insert(out.end(), Deciding{std::move(tenant), prefix, {}});
      if (at->prefix != prefix) *at = Deciding{std::move(at->tenant), prefix, {}};
      at->entries.push_back(entry);
    }
  });
  std::erase_if(out, [&](const Deciding& deciding) { return silenced(deciding, observed); });
  return out;
}

bool allows_origins(const model::Expectation& expectation, const std::vector<net::Asn>& origins) {
  return std::all_of(origins.begin(), origins.end(), [&](net::Asn asn) {
    if (expectation.allows_origin(asn)) return true;
    // RFC 6793: a path that lost its four-byte numbers may hide any of them.
    return asn == net::as_trans && std::any_of(expectation.origins.begin(), expectation.origins.end(),
                                               [](const model::AsnRange& range) { return range.to > 65535; });
  });
}

bool judges(const model::Expectation& expectation, model::EventKind kind) {
  const auto has = [kind](const auto& kinds) {
    return std::ranges::any_of(kinds, [kind](model::EventKind listed) {
      // The list of kinds calls it so.
      if (listed == model::EventKind::path_change) return kind == model::EventKind::active_path;
      return listed == kind;
    });
  };
  if (expectation.include_kinds && !has(*expectation.include_kinds)) return false;
  return !has(expectation.exclude_kinds);
}

bool Observation::exact() const {
  return observed == deciding.prefix ||
         std::any_of(deciding.entries.begin(), deciding.entries.end(), [&](const auto& entry) {
           return entry->expectation.lengths && entry->expectation.lengths->contains(observed.length());
         });
}

bool Observation::origin_allowed() const {
  return std::any_of(deciding.entries.begin(), deciding.entries.end(),
                     [&](const auto& entry) { return allows_origins(entry->expectation, view.origins); });
}

std::string expected_origins_text(const model::Expectation& expectation) {
  if (expectation.any_origin) return "anybody";
  if (expectation.origins.empty()) return "nobody";
  std::string out;
  for (const model::AsnRange& range : expectation.origins) {
    if (!out.empty()) out += ", ";
    out += range.from == range.to ? fmt::format("AS{}", range.from)
                                  : fmt::format("AS{} to AS{}", range.from, range.to);
  }
  return out;
}

std::vector<net::Asn> expected_origins(const model::Expectation& expectation) {
  std::vector<net::Asn> out;
  for (const model::AsnRange& range : expectation.origins) {
    if (range.from == range.to) out.push_back(range.from);
  }
  return out;
}

void report(const Observation& observation, Finding finding, std::vector<Finding>& out) {
  std::vector<std::string_view> told;
  for (const model::RegisteredPrefixPointer& entry : observation.deciding.entries) {
    if (!judges(entry->expectation, finding.kind)) continue;
    // Entries of a watch file have no connection: several of one group and prefix are one rule.
    const std::string_view who = entry->connection.empty() ? std::string_view() : entry->resource;
    if (std::find(told.begin(), told.end(), who) != told.end()) continue;
    told.push_back(who);
    finding.entry = entry;
    out.push_back(finding);
  }
}

std::vector<Finding> judge(const Observation& observation) {
  std::vector<Finding> out;
  if (!observation.origin_allowed()) {
    judge_origin(observation, out);
    return out;
  }
  judge_more_specific(observation, out);
  judge_by_entry(observation, out);
  judge_leak(observation, out);
  judge_rpki_invalid(observation, out);
  judge_rpki_not_found(observation, out);
  return out;
}

}  // namespace peering::detect
