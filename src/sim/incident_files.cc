#include "sim/incident_files.h"

#include <filesystem>
#include <fstream>

namespace peering::sim {

namespace {

constexpr std::int64_t first_second = 1'700'000'000, step_s = 60;

json::array array_of(const std::vector<net::Asn>& numbers) {
  return json::array(numbers.begin(), numbers.end());
}

json::object roa_of(const Roa& roa) {
  return {{"prefix", roa.prefix}, {"maxLength", roa.length_max}, {"asn", roa.asn}};
}

json::array roas_of(const std::vector<Roa>& roas) {
  json::array out;
  for (const Roa& roa : roas) out.push_back(roa_of(roa));
  return out;
}

std::string line_of(const World& world, const IncidentRoute& route, bool announced, std::int64_t second) {
  const SessionSite& session = world.sessions[session_of(world, route.path.front())];
  const std::string peer = session.address.to_string();
  json::object data{{"timestamp", static_cast<double>(second)},
                    {"peer", peer},
                    {"peer_asn", std::to_string(session.asn)},
                    {"host", "rrc00"},
                    {"type", "UPDATE"}};
  if (announced) {
    data["path"] = array_of(route.path);
    data["announcements"] =
        json::array{json::object{{"next_hop", peer}, {"prefixes", json::array{json::string(route.prefix)}}}};
  } else {
    data["withdrawals"] = json::array{json::string(route.prefix)};
  }
  return json::serialize(json::object{{"type", "ris_message"}, {"data", std::move(data)}}) + "\n";
}

std::size_t lines_of(const IncidentStep& step) { return step.announced.size() + step.withdrawn.size(); }

json::array watched_of(const Incident& incident) {
  json::array out;
  for (const IncidentWatch& watch : incident.watched) {
    json::object entry{{"prefix", watch.prefix}, {"asn", array_of(watch.origins)}};
    if (!watch.upstreams.empty()) entry["upstreams"] = array_of(watch.upstreams);
    out.push_back(std::move(entry));
  }
  return out;
}

// Each change takes effect before the first line that follows it.
json::array roa_changes_of(const Incident& incident) {
  json::array out;
  std::vector<Roa> known = incident.roas;
  std::size_t line = incident.before.size();
  for (const IncidentStep& step : incident.steps) {
    if (step.roas) {
      out.push_back(
          json::object{{"before_line", line + 1}, {"add", roas_of(*step.roas)}, {"remove", roas_of(known)}});
      known = *step.roas;
    }
    line += lines_of(step);
  }
  return out;
}

}  // namespace

std::string ris_lines(const Incident& incident) {
  const World world = make_world(incident);
  std::string out;
  std::int64_t second = first_second;
  for (const IncidentRoute& route : incident.before) out += line_of(world, route, true, second);
  for (const IncidentStep& step : incident.steps) {
    second += step_s;
    for (const IncidentRoute& route : step.announced) out += line_of(world, route, true, second);
    for (const IncidentRoute& route : step.withdrawn) out += line_of(world, route, false, second);
  }
  return out;
}

json::object watch_file(const Incident& incident) {
  json::object out{{"description", incident.title}, {"prefixes", watched_of(incident)}};
  if (!incident.roas.empty()) out["roas"] = roas_of(incident.roas);
  json::array changes = roa_changes_of(incident);
  if (!changes.empty()) out["roas_changes"] = std::move(changes);
  json::array relationships;
  for (const auto& [a, b, kind] : incident.relationships) relationships.push_back(json::array{a, b, kind});
  if (!relationships.empty()) out["rels"] = std::move(relationships);
  return out;
}

std::string relationship_lines(const Incident& incident) {
  std::string out;
  for (const auto& [a, b, kind] : incident.relationships) out += fmt::format("{}|{}|{}\n", a, b, kind);
  return out;
}

json::object vrp_document(const std::vector<Roa>& roas) { return {{"roas", roas_of(roas)}}; }

Result<void> write_vrps(const std::string& path, const std::vector<Roa>& roas) {
  const std::string fresh = path + ".new";
  std::ofstream file(fresh, std::ios::trunc);
  file << json::serialize(vrp_document(roas)) << "\n";
  file.close();
  std::error_code failure;
  if (file) std::filesystem::rename(fresh, path, failure);
  if (file && !failure) return {};
  return fail(ErrorCode::io, "{} cannot be written", path);
}

}  // namespace peering::sim
