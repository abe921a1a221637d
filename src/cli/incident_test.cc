// Each well-known incident through `analyze`: the verdict that a network engineer would give, and no other
// alarm.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/analyze.h"
#include "sim/incident_files.h"

namespace peering::cli {
namespace {

namespace fs = std::filesystem;

// Kinds that are told for information, or say only that something ended.
bool is_information(std::string_view kind) {
  static const std::set<std::string_view> kinds{
      "announcement",   "withdrawal", "covering-route", "backup-route", "path-change",
      "rpki-not-found", "roa-change", "rpki-roa-lost",  "resolved",     "active-path"};
  return kinds.contains(kind);
}

std::string text_of(const json::object& line, std::string_view key) {
  const json::value* found = line.if_contains(key);
  return found ? json::serialize(*found) : "";
}

// "kind observed suspect" of everything that opened; ends are counted apart.
struct Found {
  std::multiset<std::string> opened, ended;
  std::string out;
};

Found analyzed(const sim::Incident& incident) {
  const fs::path folder = fs::path(testing::TempDir()) / std::string(incident.name);
  fs::create_directories(folder);
  std::ofstream(folder / "watch.json") << json::serialize(sim::watch_file(incident));
  std::ofstream(folder / "updates.jsonl") << sim::ris_lines(incident);
  AnalyzeOptions options;
  options.watch_file = folder / "watch.json";
  options.inputs = {folder / "updates.jsonl"};
  std::istringstream in;
  std::ostringstream out, err;
  EXPECT_EQ(run_analyze(options, in, out, err), 0) << err.str();
  EXPECT_THAT(err.str(), testing::HasSubstr(" 0 malformed"));
  fs::remove_all(folder);
  Found found;
  found.out = out.str();
  std::istringstream lines(found.out);
  for (std::string line; std::getline(lines, line);) {
    const json::value parsed = parse_json(line).value();
    const json::object& event = parsed.as_object();
    const std::string kind(event.at("kind").as_string());
    if (is_information(kind)) continue;
    const std::string what =
        fmt::format("{} {} {}", kind, text_of(event, "observed"), text_of(event, "suspect"));
    const auto state = event.at("state").as_string();
    if (state == "open") found.opened.insert(what);
    if (state == "resolved") found.ended.insert(what);
  }
  return found;
}

std::string expected(const sim::IncidentVerdict& verdict) {
  return fmt::format("{} \"{}\" {}", model::to_string(verdict.kind), verdict.observed,
                     verdict.suspect ? std::to_string(*verdict.suspect) : "");
}

class KnownIncident : public ::testing::TestWithParam<const sim::Incident*> {};

TEST_P(KnownIncident, GetsItsVerdictAndNoOther) {
  const sim::Incident& incident = *GetParam();
  const Found found = analyzed(incident);
  std::multiset<std::string> wanted;
  for (const sim::IncidentVerdict& verdict : incident.verdicts) wanted.insert(expected(verdict));
  EXPECT_EQ(found.opened, wanted) << found.out;
}

std::vector<const sim::Incident*> all() {
  std::vector<const sim::Incident*> out;
  for (const auto& each : sim::known_incidents()) out.push_back(&each);
  return out;
}

std::string test_name(const ::testing::TestParamInfo<const sim::Incident*>& of) {
  std::string name(of.param->name);
  std::ranges::replace(name, '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(All, KnownIncident, ::testing::ValuesIn(all()), test_name);

}  // namespace
}  // namespace peering::cli
