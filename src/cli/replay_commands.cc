// `replay`: rules over the past.
#include <filesystem>

#include "cli/commands.h"
#include "cli/replay.h"
#include "cli/server_rules.h"

namespace peering::cli {

namespace {

Outcome<TimePoint> time_of(const Call& call, std::string_view option) {
  const auto time = parse_rfc3339(call.value(option));
  if (!time) return usage_error("--{} '{}': a time such as 2026-11-23T10:00:00Z", option, call.value(option));
  return *time;
}

// The entry of a watch file that a prefix's settings are.
Outcome<json::value> entry_of(Session& session, const std::string& prefix) {
  const auto settings = session.api().get(extension_path(prefix, "monitoring/default"));
  if (!settings) return tl::unexpected(settings.error());
  json::object entry = settings->at("properties").as_object();
  entry.erase("suggestedAsn");
  return json::value(std::move(entry));
}

// What the server expects now of the connection's prefixes, or of one, as a watch file.
Outcome<std::string> rules_of_server(Session& session, const Call& call) {
  const auto resource = resource_of(session, call);
  if (!resource) return tl::unexpected(resource.error());
  std::vector<std::string> prefixes{*resource};
  if (resource->find("/prefixes/") == std::string::npos) {
    const auto all = session.api().list(*resource + "/prefixes");
    if (!all) return tl::unexpected(all.error());
    prefixes.clear();
    for (const json::value& each : *all) prefixes.push_back(find_string(each, "id").value_or(""));
  }
  json::array entries;
  for (const std::string& prefix : prefixes) {
    auto entry = entry_of(session, prefix);
    if (!entry) return tl::unexpected(entry.error());
    entries.push_back(std::move(*entry));
  }
  return json::serialize(json::object{{"prefixes", std::move(entries)}});
}

Outcome<void> replay(Session& session, const Call& call) {
  ReplayOptions options;
  const auto from = time_of(call, "from"), to = time_of(call, "to");
  if (!from) return tl::unexpected(from.error());
  if (!to) return tl::unexpected(to.error());
  if (*from >= *to) return usage_error("--from is before --to");
  options.from = *from;
  options.to = *to;
  options.files = call.list("file");
  // A list takes every word that follows it, files too.
  for (const std::string& word : call.list("archive")) {
    std::error_code ignored;
    const bool file = std::filesystem::is_regular_file(word, ignored);
    (file ? options.files : options.folders).push_back(word);
  }
  if (options.folders.empty() && options.files.empty()) return usage_error("give --archive DIR, or files");
  options.alert_level = model::parse_level(call.value("minimum-level")).value_or(model::Level::warning);
  if (const auto config = call.text("config")) {
    const auto rules = read_server_rules(*config);
    if (!rules) return usage_error("{}", rules.error().message);
    options.watch.reopen_within = rules->reopen_within;
    options.watch.as_relationships = rules->as_relationships;
    options.watch.siblings = rules->siblings;
    options.watch.aspa = rules->aspa;
    options.watch.irr = rules->irr;
    options.watch.vrps = rules->vrps;
  }
  if (const auto given = call.text("as-relationships")) options.watch.as_relationships = *given;
  if (const auto given = call.text("vrps")) options.watch.vrps = *given;
  if (const auto given = call.text("irr")) options.watch.irr = *given;
  if (const auto watch = call.text("watch")) {
    options.watch.name = *watch;
  } else {
    auto rules = rules_of_server(session, call);
    if (!rules && rules.error().code == ExitCode::usage) {
      return usage_error("give --watch FILE, or whose rules of the server to take: {}",
                         rules.error().message);
    }
    if (!rules) return tl::unexpected(rules.error());
    options.watch.name = "the server's rules";
    options.watch.text = std::move(*rules);
  }
  return run_replay(options, session.settings(), session.out(), session.err());
}

}  // namespace

std::vector<Command> replay_commands() {
  std::vector<OptionSpec> options{
      {"--from", "begin of the stretch of time (RFC 3339)", OptionKind::text, true},
      {"--to", "its end, no longer part of it", OptionKind::text, true},
      {"--watch", "JSON file with the rules (docs/watch.md); else those that the server has now"}};
  for (const OptionSpec& each : resource_options()) options.push_back(each);
  options.insert(
      options.end(),
      {{.names = "--archive",
        .help = "folder of MRT files that are named by time, also in folders below; one a collector",
        .kind = OptionKind::list},
       {"--config",
        "the server's configuration file, for how soon what comes back is the same event, topology and VRPs"},
       {"--as-relationships", "who is whose provider, in CAIDA's format, also compressed"},
       {"--vrps", "validated ROA payloads, as a validator exports them in JSON, also compressed"},
       {"--irr", "a dump of an IRR database (RPSL), also compressed"},
       {.names = "--minimum-level",
        .help = "from which level on the summary counts alerts",
        .fallback = "Warning",
        .choices = {"Information", "Warning", "Error", "Critical"}},
       {"file", "MRT files; those that are named by another time are left out", OptionKind::list}});
  return {
      {"replay", "Say what rules would have fired in the past, out of archived MRT files.", options, replay}};
}

}  // namespace peering::cli
