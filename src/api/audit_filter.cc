#include "api/audit_filter.h"

#include <algorithm>
#include <charconv>

#include "api/arm/duration.h"
#include "api/arm/filter.h"
#include "api/arm/names.h"
#include "api/arm/paging.h"
#include "model/registry.h"

namespace peering::api {

namespace {

using arm::Comparison;
using Test = std::function<bool(const json::value&)>;

// A filter that the store cannot apply whole makes pages that are partly filled; after so many rounds the
// answer has a link to go on.
constexpr int store_pages_max = 10;

Result<void> bound_time(const arm::FilterTerm& term, AuditFilter& filter) {
  const auto at = arm::parse_time(term.literal);
  if (!at) return wrong(term, "an RFC 3339 date-time such as 2026-11-23T10:00:00Z");
  const Comparison comparison = term.comparison;
  if (comparison == Comparison::ne) return wrong(term, "times compare with eq, ge, gt, le and lt");
  const Microseconds step(comparison == Comparison::gt ? 1 : comparison == Comparison::lt ? -1 : 0);
  const bool from = comparison == Comparison::ge || comparison == Comparison::gt;
  const bool to = comparison == Comparison::le || comparison == Comparison::lt;
  const TimePoint bound = *at + step;
  if (!to) filter.from = std::max(filter.from.value_or(bound), bound);
  if (!from) filter.to = std::min(filter.to.value_or(bound), bound);
  return {};
}

bool is(const json::value& entry, std::string_view member, std::string_view text) {
  const auto value = find_string(entry, member);
  return value && arm::same_name(*value, text);
}

bool is_caller(const json::value& entry, std::string_view text) {
  const json::value* caller = find(entry, "caller");
  return caller &&
         (is(*caller, "principalId", text) || is(*caller, "name", text) || is(*caller, "subject", text));
}

bool is_of_provider(const json::value& entry, std::string_view name_space) {
  const std::string operation = find_string(entry, "operation").value_or("");
  return arm::same_name(operation.substr(0, operation.find('/')), name_space);
}

// A test of the entry, or a bound that the filter takes over.
Result<void> take(const arm::FilterTerm& term, AuditFilter& filter, std::vector<Test>& tests) {
  const auto field = [&](std::string_view name, std::string_view other) {
    return arm::same_name(term.field, name) || arm::same_name(term.field, other);
  };
  if (field("timestamp", "eventTimestamp")) return bound_time(term, filter);
  if (term.comparison != Comparison::eq) return wrong(term, "everything but times compares with eq");
  const std::string& text = term.literal;
  const auto member = [&](std::string_view name) {
    tests.emplace_back([name, text](const json::value& entry) { return is(entry, name, text); });
  };
  if (field("resourceGroupName", "resourceGroup")) {
    filter.resource_group = model::lower(text);
  } else if (field("resourceId", "resourceUri")) {
    filter.resource = model::lower(text);
    member("resourceId");
  } else if (field("caller", "caller")) {
    tests.emplace_back([text](const json::value& entry) { return is_caller(entry, text); });
  } else if (field("resourceProvider", "resourceProviderName")) {
    tests.emplace_back([text](const json::value& entry) { return is_of_provider(entry, text); });
  } else if (field("operation", "operationName")) {
    member("operation");
  } else if (field("status", "status")) {
    member("status");
  } else if (field("correlationId", "correlationId")) {
    member("correlationId");
  } else if (!field("eventChannels", "eventChannel")) {  // there is one channel
    return tl::unexpected(invalid("$filter", term.field,
                                  "the fields are timestamp, caller, operation, status, correlationId, "
                                  "resourceId, resourceGroupName and resourceProvider"));
  }
  return {};
}

std::string position_text(const store::LogPosition& position) {
  return fmt::format("{}.{}", to_us(position.at), position.number);
}

std::optional<store::LogPosition> read_position(std::string_view text) {
  std::int64_t at = 0;
  store::LogPosition out;
  const char* const end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, at);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != '.') return std::nullopt;
  const auto second = std::from_chars(first.ptr + 1, end, out.number);
  if (second.ec != std::errc() || second.ptr != end) return std::nullopt;
  out.at = time_from_us(at);
  return out;
}

}  // namespace

Result<AuditFilter> read_audit_filter(std::string_view text) {
  const auto terms = arm::parse_filter(text);
  if (!terms) return tl::unexpected(terms.error());
  AuditFilter out;
  std::vector<Test> tests;
  for (const arm::FilterTerm& term : *terms) {
    if (auto taken = take(term, out, tests); !taken) return tl::unexpected(taken.error());
  }
  out.wanted = [tests = std::move(tests)](const json::value& entry) {
    return std::ranges::all_of(tests, [&](const Test& test) { return test(entry); });
  };
  return out;
}

arm::Answer audit_page(const Call& call, const std::string& scope, const AuditFilter& filter,
                       const std::function<json::value(json::value entry)>& show) {
  const auto page = arm::read_page(call.query);
  if (!page) return tl::unexpected(page.error());
  store::LogQuery query{.scope = scope, .from = filter.from, .to = filter.to, .before = {}};
  if (!page->after.empty()) {
    query.before = read_position(page->after);
    if (!query.before) {
      return arm::bad_argument("$skipToken", call.query.get("$skipToken").value_or(""),
                               "a token of this list's nextLink");
    }
  }
  json::array items;
  for (int pages = 0; pages < store_pages_max; ++pages) {
    query.limit = page->limit - items.size();
    const auto found = call.services.resources.log(query);
    if (!found) return arm::failed(found.error());
    for (const store::LogEntry& each : found->entries) {
      auto entry = parse_json(each.document);
      if (!entry) return arm::failed(entry.error());
      if (filter.wanted(*entry)) items.push_back(show(std::move(*entry)));
    }
    query.before = found->next;
    if (!found->next || items.size() >= page->limit) break;
  }
  const std::string next = query.before ? position_text(*query.before) : std::string();
  return arm::list_response(call.request, call.query, std::move(items), next);
}

}  // namespace peering::api
