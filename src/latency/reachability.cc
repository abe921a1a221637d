#include "latency/reachability.h"

#include <algorithm>
#include <optional>

#include "base/json.h"
#include "latency/match.h"
#include "model/sample.h"
#include "model/sketch_level.h"

namespace peering::latency {

namespace {

constexpr std::chrono::hours reachability_kept{48};
constexpr double report_age_ms_max = 86'400'000;  // a day: browsers hand reports in late
constexpr double sampling_fraction_min = 0.0001;

std::optional<double> report_number(const json::value* member) {
  if (!member || !member->is_number()) return std::nullopt;
  return member->to_number<double>();
}

// Network Error Logging, section 5: a type "ok", or one of a phase.
std::optional<Outcome> outcome_of(const json::value& body) {
  const auto type = find_string(body, "type"), phase = find_string(body, "phase");
  if (!type || !phase) return std::nullopt;
  if (*type == "ok") return Outcome::ok;
  for (const Outcome each : {Outcome::dns, Outcome::connection, Outcome::application}) {
    if (*phase == to_string(each)) return each;
  }
  return std::nullopt;
}

std::optional<NetworkReport> network_report(const json::value& report, TimePoint now) {
  const json::value* body = find(report, "body");
  const auto age_ms = report_number(find(report, "age"));
  if (!body || !age_ms || !(*age_ms >= 0 && *age_ms <= report_age_ms_max)) return std::nullopt;
  const auto outcome = outcome_of(*body);
  if (!outcome) return std::nullopt;
  const json::value* given = find(*body, "sampling_fraction");
  const auto fraction = given ? report_number(given) : 1.0;
  if (!fraction || !(*fraction >= sampling_fraction_min && *fraction <= 1)) return std::nullopt;
  return NetworkReport{now - Microseconds(static_cast<std::int64_t>(*age_ms * 1000)), *outcome,
                       1 / *fraction};
}

TimePoint reachability_hour(TimePoint at) { return model::round_down(at, std::chrono::hours(1)); }

}  // namespace

std::string_view to_string(Outcome outcome) {
  constexpr std::array<std::string_view, outcome_count> names{"ok", "dns", "connection", "application"};
  return names.at(static_cast<std::size_t>(outcome));
}

Result<DecodedReports> decode_network_reports(std::string_view body, TimePoint now) {
  if (body.size() > reports_bytes_max) {
    return fail(ErrorCode::limit_exceeded, "reports of {} bytes: at most {} are taken", body.size(),
                reports_bytes_max);
  }
  const auto root = parse_json(body);
  if (!root) return tl::unexpected(root.error());
  if (!root->is_array()) return fail(ErrorCode::invalid_argument, "reports are a list (Reporting API)");
  if (root->get_array().size() > reports_max) {
    return fail(ErrorCode::limit_exceeded, "{} reports: at most {} are taken", root->get_array().size(),
                reports_max);
  }
  DecodedReports out;
  for (const json::value& each : root->get_array()) {
    const auto type = find_string(each, "type");
    if (type && *type != "network-error") {
      ++out.others;
    } else if (const auto report = type ? network_report(each, now) : std::nullopt) {
      out.reports.push_back(*report);
    } else {
      ++out.rejected;
    }
  }
  return out;
}

std::size_t Reachability::add(const net::Address& client, std::string_view pop,
                              const std::vector<NetworkReport>& reports, const model::Registry& registry) {
  const auto resources = resources_of_client(client, registry);
  if (resources.empty() || reports.empty()) return resources.size();
  const std::lock_guard lock(mutex_);
  for (const NetworkReport& each : reports) {
    const TimePoint hour = reachability_hour(each.at);
    if (hour > forgot_ + reachability_kept) forget(hour - reachability_kept);
    for (const std::string& resource : resources) {
      const Key key{resource, std::string(pop), hour};
      auto found = counts_.find(key);
      if (found == counts_.end()) {
        if (counts_.size() >= hours_max_) continue;
        found = counts_.emplace(key, Counts{}).first;
      }
      const auto outcome = static_cast<std::size_t>(each.outcome);
      ++found->second.reports.at(outcome);
      found->second.requests.at(outcome) += each.weight;
    }
  }
  return resources.size();
}

void Reachability::forget(TimePoint before) {
  forgot_ = before;
  std::erase_if(counts_, [&](const auto& each) { return each.first.start < before; });
}

std::vector<ReachabilityHour> Reachability::hours(const std::string& prefix_resource, TimePoint from,
                                                  TimePoint to) const {
  const std::lock_guard lock(mutex_);
  std::vector<ReachabilityHour> out;
  for (auto each = counts_.lower_bound({prefix_resource, "", TimePoint::min()});
       each != counts_.end() && each->first.prefix_resource == prefix_resource; ++each) {
    if (each->first.start + std::chrono::hours(1) <= from || each->first.start > to) continue;
    out.push_back({each->first.pop, each->first.start, each->second.reports, each->second.requests});
  }
  return out;
}

}  // namespace peering::latency
