#include "api/event_filter.h"

#include <algorithm>
#include <compare>
#include <optional>

#include "api/arm/filter.h"
#include "api/arm/names.h"

namespace peering::api {

namespace {

using arm::Comparison;
using arm::holds;
using arm::wrong;
using Test = std::function<bool(const model::Event&)>;

bool is_equality(Comparison comparison) {
  return comparison == Comparison::eq || comparison == Comparison::ne;
}

Result<Test> time_test(const arm::FilterTerm& term, TimePoint model::Event::* member,
                       store::EventQuery* query) {
  const auto at = parse_rfc3339(term.literal);
  if (!at) return wrong(term, "an RFC 3339 date-time such as 2026-11-23T10:00:00Z");
  if (query && (term.comparison == Comparison::ge || term.comparison == Comparison::gt)) {
    query->from = std::max(query->from.value_or(*at), *at);
  }
  if (query && term.comparison == Comparison::lt) query->to = std::min(query->to.value_or(*at), *at);
  return Test([at = *at, member, comparison = term.comparison](const model::Event& event) {
    return holds(event.*member <=> at, comparison);
  });
}

Result<Test> level_test(const arm::FilterTerm& term, store::EventQuery& query) {
  const auto level = model::parse_level(term.literal);
  if (!level) return wrong(term, "Information, Warning, Error or Critical");
  if (term.comparison == Comparison::eq || term.comparison == Comparison::ge) {
    query.minimum_level = std::max(query.minimum_level.value_or(*level), *level);
  }
  return Test([level = *level, comparison = term.comparison](const model::Event& event) {
    return holds(event.level <=> level, comparison);
  });
}

Result<Test> kind_test(const arm::FilterTerm& term, store::EventQuery& query) {
  const auto kind = model::parse_event_kind(term.literal);
  if (!kind) return wrong(term, "a kind such as origin-hijack or withdrawal");
  if (!is_equality(term.comparison)) return wrong(term, "kinds compare with eq and ne");
  const bool equal = term.comparison == Comparison::eq;
  if (equal) query.kind = *kind;
  return Test([kind = *kind, equal](const model::Event& event) { return (event.kind == kind) == equal; });
}

Result<Test> state_test(const arm::FilterTerm& term, store::EventQuery& query) {
  const bool open = arm::same_name(term.literal, to_string(model::EventState::open));
  if (!open && !arm::same_name(term.literal, to_string(model::EventState::resolved))) {
    return wrong(term, "open or resolved");
  }
  if (!is_equality(term.comparison)) return wrong(term, "states compare with eq and ne");
  const auto state = open ? model::EventState::open : model::EventState::resolved;
  const bool equal = term.comparison == Comparison::eq;
  if (equal) query.state = state;
  return Test([state, equal](const model::Event& event) { return (event.state == state) == equal; });
}

// Types compare without case; the store compares exactly, so it is not asked.
Result<Test> type_test(const arm::FilterTerm& term) {
  if (!is_equality(term.comparison)) return wrong(term, "types compare with eq and ne");
  return Test([type = term.literal, equal = term.comparison == Comparison::eq](const model::Event& event) {
    return arm::same_name(event.type, type) == equal;
  });
}

Result<Test> test_of(const arm::FilterTerm& term, store::EventQuery& query) {
  const auto field = [&](std::string_view name, std::string_view other) {
    return arm::same_name(term.field, name) || arm::same_name(term.field, other);
  };
  if (field("firstSeen", "eventTimestamp") || field("time", "time")) {
    return time_test(term, &model::Event::first_seen, &query);
  }
  if (field("lastSeen", "lastSeen")) return time_test(term, &model::Event::last_seen, nullptr);
  if (field("kind", "kind")) return kind_test(term, query);
  if (field("level", "eventLevel")) return level_test(term, query);
  if (field("type", "eventType")) return type_test(term);
  if (field("state", "state")) return state_test(term, query);
  return tl::unexpected(
      invalid("$filter", term.field, "the fields are firstSeen, lastSeen, kind, level, type and state"));
}

}  // namespace

Result<EventFilter> read_event_filter(std::string_view text) {
  const auto terms = arm::parse_filter(text);
  if (!terms) return tl::unexpected(terms.error());
  EventFilter out;
  std::vector<Test> tests;
  for (const arm::FilterTerm& term : *terms) {
    auto test = test_of(term, out.query);
    if (!test) return tl::unexpected(test.error());
    tests.push_back(std::move(*test));
  }
  out.wanted = [tests = std::move(tests)](const model::Event& event) {
    return std::ranges::all_of(tests, [&](const Test& test) { return test(event); });
  };
  return out;
}

}  // namespace peering::api
