#include "api/incident_filter.h"

#include <algorithm>
#include <charconv>

#include "api/arm/filter.h"
#include "api/arm/names.h"
#include "model/registry.h"

namespace peering::api {

namespace {

using arm::Comparison;
using arm::holds;
using arm::wrong;
using Test = std::function<bool(const model::Incident&)>;

Result<Test> time_test(const arm::FilterTerm& term, bool begin, store::EventQuery& query) {
  const auto at = parse_rfc3339(term.literal);
  if (!at) return wrong(term, "an RFC 3339 date-time such as 2026-11-23T10:00:00Z");
  const bool from = term.comparison == Comparison::ge || term.comparison == Comparison::gt;
  // No event of an incident begins before the incident does.
  if (begin && from) query.from = std::max(query.from.value_or(*at), *at);
  if (begin && term.comparison == Comparison::lt) {
    const TimePoint last = *at + model::incident_step + model::incident_window;
    query.to = std::min(query.to.value_or(last), last);
  }
  return Test([at = *at, begin, comparison = term.comparison](const model::Incident& incident) {
    return holds((begin ? incident.first_seen() : incident.last_seen()) <=> at, comparison);
  });
}

Result<Test> level_test(const arm::FilterTerm& term, store::EventQuery& query) {
  const auto level = model::parse_level(term.literal);
  if (!level) return wrong(term, "Information, Warning, Error or Critical");
  if (term.comparison == Comparison::eq || term.comparison == Comparison::ge) {
    query.minimum_level = std::max(query.minimum_level.value_or(*level), *level);
  }
  return Test([level = *level, comparison = term.comparison](const model::Incident& incident) {
    return holds(incident.level() <=> level, comparison);
  });
}

Result<Test> kind_test(const arm::FilterTerm& term, bool equal, store::EventQuery& query) {
  const auto kind = model::parse_event_kind(term.literal);
  if (!kind) return wrong(term, "a kind such as origin-hijack or withdrawal");
  // Two kinds that must both be there are looked for by the first alone.
  if (equal && !query.kind) query.kind = *kind;
  return Test([kind = *kind, equal](const model::Incident& incident) {
    return incident.kinds().contains(kind) == equal;
  });
}

Result<Test> state_test(const arm::FilterTerm& term, bool equal, store::EventQuery& query) {
  const bool open = arm::same_name(term.literal, to_string(model::EventState::open));
  if (!open && !arm::same_name(term.literal, to_string(model::EventState::resolved))) {
    return wrong(term, "open or resolved");
  }
  if (open == equal) query.state = model::EventState::open;
  return Test([wanted = open == equal](const model::Incident& incident) {
    return (incident.state() == model::EventState::open) == wanted;
  });
}

Result<Test> suspect_test(const arm::FilterTerm& term, bool equal) {
  net::Asn asn = 0;
  const char* end = term.literal.data() + term.literal.size();
  const auto parsed = std::from_chars(term.literal.data(), end, asn);
  if (parsed.ec != std::errc() || parsed.ptr != end) return wrong(term, "an AS number such as 64500");
  return Test(
      [asn, equal](const model::Incident& incident) { return incident.suspects().contains(asn) == equal; });
}

Test id_test(const arm::FilterTerm& term, bool equal) {
  return [id = term.literal, equal](const model::Incident& incident) {
    return arm::same_name(incident.id(), id) == equal;
  };
}

Result<Test> type_test(const arm::FilterTerm& term, bool equal) {
  return Test([type = term.literal, equal](const model::Incident& incident) {
    const auto same = [&](const std::string& each) { return arm::same_name(each, type); };
    return std::ranges::any_of(incident.types(), same) == equal;
  });
}

Result<Test> test_of(const arm::FilterTerm& term, IncidentFilter& filter) {
  const auto field = [&](std::string_view name, std::string_view other = "") {
    return arm::same_name(term.field, name) || (!other.empty() && arm::same_name(term.field, other));
  };
  if (field("firstSeen", "time")) return time_test(term, true, filter.query);
  if (field("lastSeen")) return time_test(term, false, filter.query);
  if (field("level")) return level_test(term, filter.query);
  const bool equal = term.comparison == Comparison::eq;
  const bool known =
      field("kind") || field("type", "eventType") || field("state") || field("suspectAsn") || field("id");
  if (!known) {
    return tl::unexpected(
        invalid("$filter", term.field,
                "the fields are id, firstSeen, lastSeen, kind, level, type, state and suspectAsn"));
  }
  if (!equal && term.comparison != Comparison::ne) return wrong(term, "compares with eq and ne");
  if (field("kind")) return kind_test(term, equal, filter.query);
  if (field("state")) return state_test(term, equal, filter.query);
  if (field("suspectAsn")) return suspect_test(term, equal);
  if (field("id")) {
    if (equal) filter.id = model::lower(term.literal);
    return id_test(term, equal);
  }
  return type_test(term, equal);
}

}  // namespace

Result<IncidentFilter> read_incident_filter(std::string_view text) {
  const auto terms = arm::parse_filter(text);
  if (!terms) return tl::unexpected(terms.error());
  IncidentFilter out;
  std::vector<Test> tests;
  for (const arm::FilterTerm& term : *terms) {
    auto test = test_of(term, out);
    if (!test) return tl::unexpected(test.error());
    tests.push_back(std::move(*test));
  }
  out.wanted = [tests = std::move(tests)](const model::Incident& incident) {
    return std::ranges::all_of(tests, [&](const Test& test) { return test(incident); });
  };
  return out;
}

}  // namespace peering::api
