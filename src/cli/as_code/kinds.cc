#include "cli/as_code/kinds.h"

#include <algorithm>
#include <array>

#include "http/query.h"
#include "model/registry.h"

namespace peering::cli::as_code {

namespace {

#define GROUP "resourceGroups/{}"
#define PEERING GROUP "/providers/Microsoft.Peering/peerings/{}"
#define SERVICE GROUP "/providers/Microsoft.Peering/peeringServices/{}"
#define MONITORING "/providers/Open.Peering/monitoring/default"
#define SERVICE_FILES GROUP "/peeringServices/{}"
#define PEERING_FILES GROUP "/peerings/{}"

constexpr std::array<KindRow, 12> table = {{
    {Kind::resource_group, "resourceGroups", GROUP, GROUP ".json", true, false},
    {Kind::alert_channel, "alertChannels", "providers/Open.Peering/alertChannels/{}", "alertChannels/{}.json",
     false, false},
    {Kind::silence, "silences", "providers/Open.Peering/silences/{}", "silences/{}.json", false, false},
    {Kind::peer_asn, "peerAsns", "providers/Microsoft.Peering/peerAsns/{}", "peerAsns/{}.json", false, false},
    {Kind::peering, "peerings", PEERING, PEERING_FILES ".json", true, false},
    {Kind::registered_asn, "peerings/registeredAsns", PEERING "/registeredAsns/{}",
     PEERING_FILES "/registeredAsns/{}.json", true, false},
    {Kind::registered_prefix, "peerings/registeredPrefixes", PEERING "/registeredPrefixes/{}",
     PEERING_FILES "/registeredPrefixes/{}.json", true, false},
    {Kind::peering_service, "peeringServices", SERVICE, SERVICE_FILES ".json", true, false},
    {Kind::connection_monitoring, "peeringServices/monitoring", SERVICE MONITORING,
     SERVICE_FILES "/monitoring.json", true, true},
    {Kind::prefix, "peeringServices/prefixes", SERVICE "/prefixes/{}", SERVICE_FILES "/prefixes/{}.json",
     true, false},
    {Kind::prefix_monitoring, "peeringServices/prefixes/monitoring", SERVICE "/prefixes/{}" MONITORING,
     SERVICE_FILES "/prefixes/{}/monitoring.json", true, true},
    {Kind::connection_monitor_test, "peeringServices/connectionMonitorTests",
     SERVICE "/connectionMonitorTests/{}", SERVICE_FILES "/connectionMonitorTests/{}.json", true, false},
}};

std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> out;
  while (true) {
    const std::size_t slash = path.find('/');
    out.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return out;
    path.remove_prefix(slash + 1);
  }
}

bool same(std::string_view a, std::string_view b) { return model::lower(a) == model::lower(b); }

std::string fill(std::string_view form, const std::vector<std::string>& names) {
  std::string out;
  std::size_t next = 0;
  for (std::size_t hole = form.find("{}"); hole != std::string_view::npos; hole = form.find("{}")) {
    out += std::string(form.substr(0, hole)) + names.at(next++);
    form.remove_prefix(hole + 2);
  }
  return out + std::string(form);
}

// ".." must not lead out of the folder, and the folder of "a.json" not be the file of "a".
std::string file_name(const std::string& name) {
  std::string out = name;
  if (model::lower(out).ends_with(".json")) out.replace(out.size() - 5, 1, "%2E");
  if (out.starts_with('.')) out.replace(0, 1, "%2E");
  return out;
}

std::string encode_segments(std::string_view path) {
  std::string out;
  for (const std::string_view segment : split(path)) out += "/" + http::percent_encode(segment);
  return out;
}

}  // namespace

std::span<const KindRow> kinds() { return table; }

const KindRow& row_of(Kind kind) { return table.at(static_cast<std::size_t>(kind)); }

std::optional<Kind> parse_kind(std::string_view name) {
  const auto row = std::ranges::find_if(table, [&](const KindRow& each) { return same(each.name, name); });
  return row == table.end() ? std::nullopt : std::optional(row->kind);
}

std::string ResourceName::id() const { return fill(row_of(kind).id, names); }

std::string ResourceName::key() const { return model::lower(id()); }

std::string ResourceName::path(std::string_view subscription) const {
  return "/subscriptions/" + http::percent_encode(subscription) + encode_segments(id());
}

std::string ResourceName::file() const {
  std::vector<std::string> encoded;
  for (const std::string& name : names) encoded.push_back(file_name(name));
  return fill(row_of(kind).file, encoded);
}

std::vector<std::string> ResourceName::parent() const {
  std::vector<std::string> out;
  for (const std::string& name : names) out.push_back(model::lower(name));
  if (!row_of(kind).is_monitoring) out.pop_back();
  return out;
}

std::string ResourceName::collection(std::string_view subscription) const {
  const std::string whole = path(subscription);
  return whole.substr(0, whole.rfind('/'));
}

std::string_view relative_id(std::string_view id, std::string_view subscription) {
  const std::string start = "/subscriptions/" + std::string(subscription) + "/";
  return same(id.substr(0, start.size()), start) ? id.substr(start.size()) : id;
}

std::optional<ResourceName> parse_id(std::string_view id, std::string_view subscription) {
  const std::vector<std::string_view> segments = split(relative_id(id, subscription));
  for (const KindRow& row : table) {
    const std::vector<std::string_view> form = split(row.id);
    if (form.size() != segments.size()) continue;
    ResourceName out{row.kind, {}};
    bool fits = true;
    for (std::size_t i = 0; fits && i < form.size(); ++i) {
      const bool hole = form[i] == "{}";
      fits = hole ? !segments[i].empty() : same(form[i], segments[i]);
      if (hole) out.names.emplace_back(segments[i]);
    }
    if (fits) return out;
  }
  return std::nullopt;
}

}  // namespace peering::cli::as_code
