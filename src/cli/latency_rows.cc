#include "cli/latency_rows.h"

namespace peering::cli {

namespace {

bool has_samples(const json::value& point) {
  const json::value* count = find(point, "count");
  return count && *count != 0;
}

json::object row_of(const json::value& series, const json::value& point) {
  json::object out;
  for (const std::string_view key : {"prefix", "pop", "kind", "source", "approximatedAt"}) {
    if (const json::value* value = find(series, key)) out[key] = *value;
  }
  if (const json::object* members = point.if_object()) {
    for (const auto& member : *members) out[member.key()] = member.value();
  }
  return out;
}

}  // namespace

json::array latency_rows(const json::value& report) {
  json::array out;
  const json::value* all = find(report, "series");
  if (!all || !all->is_array()) return out;
  for (const json::value& series : all->get_array()) {
    const json::value* points = find(series, "points");
    if (!points || !points->is_array()) continue;
    for (const json::value& point : points->get_array()) {
      if (has_samples(point)) out.push_back(row_of(series, point));
    }
  }
  return out;
}

json::array comparison_rows(const json::value& comparison) {
  json::array out;
  const json::value* kinds = find(comparison, "kinds");
  if (!kinds || !kinds->is_array()) return out;
  for (const json::value& kind : kinds->get_array()) {
    const json::value* candidates = find(kind, "candidates");
    if (!candidates || !candidates->is_array()) continue;
    for (const json::value& candidate : candidates->get_array()) {
      if (!candidate.is_object()) continue;
      json::object row = candidate.get_object();
      row["kind"] = find_string(kind, "kind").value_or("");
      out.push_back(std::move(row));
    }
  }
  return out;
}

Columns comparison_columns(const json::value& comparison) {
  const json::value* by = find(comparison, "by");
  const bool of_pops = by && *by == json::array{"pop"};
  Columns out{{"Kind", "kind"}};
  if (of_pops) {
    out.push_back({"PoP", "pop"});
  } else {
    out.insert(out.end(), {{"Partner", "provider"}, {"Location", "location"}});
  }
  out.insert(out.end(), {{"Count", "count", Show::number},
                         {"p50 ms", "p50_us", Show::milliseconds},
                         {"95 % interval", "median_ci95_us", Show::milliseconds},
                         {"p95 ms", "p95_us", Show::milliseconds},
                         {"Standing", "standing", Show::state},
                         {"Behind ms", "behind_us", Show::milliseconds},
                         {"95 % interval", "behind_ci95_us", Show::milliseconds}});
  return out;
}

std::vector<std::string> comparison_notes(const json::value& comparison) {
  std::vector<std::string> out;
  const json::value* kinds = find(comparison, "kinds");
  if (!kinds || !kinds->is_array()) return out;
  for (const json::value& kind : kinds->get_array()) {
    const auto serving = find_string(kind, "serving"), nearest = find_string(kind, "nearest");
    const json::value* same = find(kind, "servedByNearest");
    if (!serving || !nearest || !same) continue;
    out.push_back(*same == true ? fmt::format("{}: served by {}, which is the nearest or as near",
                                              find_string(kind, "kind").value_or(""), *serving)
                                : fmt::format("{}: served by {}, yet {} is nearer",
                                              find_string(kind, "kind").value_or(""), *serving, *nearest));
  }
  return out;
}

Columns latency_columns() {
  return {
      {"Prefix", "prefix"},
      {"PoP", "pop"},
      {"Kind", "kind"},
      {"Source", "source"},
      {"Start", "start", Show::time},
      {"Count", "count", Show::number},
      {"p50 ms", "p50_us", Show::milliseconds},
      {"95 % interval", "median_ci95_us", Show::milliseconds},
      {"p90 ms", "p90_us", Show::milliseconds},
      {"p95 ms", "p95_us", Show::milliseconds},
      {"p99 ms", "p99_us", Show::milliseconds},
      {"Judgement", "judgement", Show::state},
  };
}

}  // namespace peering::cli
