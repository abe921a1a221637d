// `monitoring show|set`: what is expected of a prefix, and the settings of a connection; `monitoring asn …`:
// the ASes that a connection watches wherever they stand in a path.
#include <algorithm>
#include <iterator>

#include "cli/commands.h"
#include "cli/read_file.h"

namespace peering::cli {

namespace {

const Columns monitoring_columns = {
    {"Prefix", "properties.prefix"},
    {"Origins", "properties.asn"},
    {"Seen origin", "properties.suggestedAsn"},
    {"Upstreams", "properties.upstreams"},
    {"Backup upstreams", "properties.backup_upstreams"},
    {"Required upstreams", "properties.require_upstreams"},
    {"Watched lengths", "properties.lengths"},
    {"Prepends", "properties.prepend_seq"},
    {"Path rules", "properties.path"},
    {"Policies", "properties.policies"},
    {"Ignores more-specifics", "properties.ignoreMorespecifics"},
    {"Ignored", "properties.ignore"},
    {"Excluded kinds", "properties.excludeKinds"},
    {"Included kinds", "properties.includeKinds"},
    {"Group", "properties.group"},
    {"Description", "properties.description"},
    {"Alerts", "properties.alerts.enabled"},
    {"Channels", "properties.alerts.channels"},
    {"Minimum level", "properties.alerts.minimumLevel"},
    {"Alert kinds", "properties.alerts.kinds"},
    {"Monitored ASes", "properties.asns"},
};
const Columns watched_asn_columns = {
    {"AS", "asn", Show::number}, {"Upstreams", "upstreams"},     {"Downstreams", "downstreams"},
    {"Group", "group"},          {"Description", "description"},
};

Outcome<json::value> number_of(std::string_view option, std::string_view text) {
  Call one;
  one.add("value", std::string(text));
  const auto value = one.number("value");
  if (!value || *value > 4294967295U) {
    return usage_error("--{} '{}': an AS number from 0 to 4294967295", option, text);
  }
  return json::value(*value);
}

// "64500", or "64500-64510" as {"from", "to"}.
Outcome<json::value> origin_of(std::string_view text) {
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) return number_of("asn", text);
  const auto from = number_of("asn", text.substr(0, dash)), to = number_of("asn", text.substr(dash + 1));
  if (!from || !to) return usage_error("--asn '{}': two AS numbers with a dash between them", text);
  return json::value(json::object{{"from", *from}, {"to", *to}});
}

Outcome<json::value> origins_of(const std::vector<std::string>& words) {
  if (words == std::vector<std::string>{"any"}) return json::value("any");
  json::array out;
  if (words == std::vector<std::string>{"none"}) return json::value(std::move(out));
  for (const std::string& word : words) {
    auto origin = origin_of(word);
    if (!origin) return origin;
    out.push_back(std::move(*origin));
  }
  return json::value(std::move(out));
}

Outcome<void> add_numbers(json::object& out, std::string_view member, const Call& call,
                          std::string_view option) {
  if (!call.has(option)) return {};
  json::array numbers;
  for (const std::string& word : call.list(option)) {
    auto number = number_of(option, word);
    if (!number) return tl::unexpected(number.error());
    numbers.push_back(std::move(*number));
  }
  out[member] = std::move(numbers);
  return {};
}

Outcome<json::object> properties_of(const Call& call) {
  json::object out;
  if (call.has("asn")) {
    auto origins = origins_of(call.list("asn"));
    if (!origins) return tl::unexpected(origins.error());
    out["asn"] = std::move(*origins);
  }
  if (auto done = add_numbers(out, "upstreams", call, "upstream"); !done) return tl::unexpected(done.error());
  if (auto done = add_numbers(out, "backup_upstreams", call, "backup-upstream"); !done) {
    return tl::unexpected(done.error());
  }
  if (auto done = add_numbers(out, "require_upstreams", call, "require-upstream"); !done) {
    return tl::unexpected(done.error());
  }
  if (const auto on = call.text("ignore-more-specifics")) out["ignoreMorespecifics"] = *on == "true";
  add_text(out, "group", call, "group");
  add_text(out, "description", call, "description");
  return out;
}

Outcome<json::object> properties_of_file(const std::string& path) {
  const auto text = read_file(path);
  if (!text) return tl::unexpected(text.error());
  auto value = parse_json(*text);
  if (!value) return usage_error("{}: {}", path, value.error().message);
  const json::value* properties = find(*value, "properties");
  const json::value& given = properties ? *properties : *value;
  if (!given.is_object()) return usage_error("{}: a JSON object is expected", path);
  return given.get_object();
}

Outcome<void> show(Session& session, const Call& call) {
  const auto resource = resource_of(session, call);
  if (!resource) return tl::unexpected(resource.error());
  const auto settings = session.api().get(extension_path(*resource, "monitoring/default"));
  if (!settings) return tl::unexpected(settings.error());
  session.print_one(*settings, monitoring_columns);
  return {};
}

Outcome<void> set(Session& session, const Call& call) {
  const auto resource = resource_of(session, call);
  if (!resource) return tl::unexpected(resource.error());
  const std::string path = extension_path(*resource, "monitoring/default");
  if (const auto file = call.text("file")) {
    const auto properties = properties_of_file(*file);
    if (!properties) return tl::unexpected(properties.error());
    return show_written(session, session.api().put(path, json::object{{"properties", *properties}}),
                        monitoring_columns);
  }
  const auto properties = properties_of(call);
  if (!properties) return tl::unexpected(properties.error());
  if (properties->empty()) return usage_error("nothing to set: give --asn, --upstream, … or --file");
  return show_written(session, session.api().patch(path, json::object{{"properties", *properties}}),
                      monitoring_columns);
}

// The settings of the connection, and the ASes that are watched now.
struct Watching {
  std::string path;
  json::array asns;
};

Outcome<Watching> watching(Session& session, const Call& call) {
  const auto subscription = session.subscription();
  if (!subscription) return tl::unexpected(subscription.error());
  Watching out;
  out.path = extension_path(service_path(*subscription, call.value("resource-group"), call.value("name")),
                            "monitoring/default");
  const auto settings = session.api().get(out.path);
  if (!settings) return tl::unexpected(settings.error());
  const json::value* asns = find(*settings, "properties", "asns");
  if (asns && asns->is_array()) out.asns = asns->get_array();
  return out;
}

bool is_entry(const json::value& entry, const json::value& asn, std::string_view group) {
  const json::value* number = find(entry, "asn");
  return number && *number == asn && find_string(entry, "group").value_or("") == group;
}

Outcome<void> write_asns(Session& session, Watching&& watching) {
  json::object properties{{"asns", std::move(watching.asns)}};
  const auto written =
      session.api().patch(watching.path, json::object{{"properties", std::move(properties)}});
  if (!written) return tl::unexpected(written.error());
  const json::value* asns = find(written->body, "properties", "asns");
  session.print_list(asns && asns->is_array() ? asns->get_array() : json::array(), watched_asn_columns);
  return {};
}

Outcome<void> list_asns(Session& session, const Call& call) {
  const auto now = watching(session, call);
  if (!now) return tl::unexpected(now.error());
  session.print_list(now->asns, watched_asn_columns);
  return {};
}

// "none" is an empty list: nobody may stand there.
Outcome<void> add_neighbors(json::object& out, std::string_view member, const Call& call,
                            std::string_view option) {
  if (call.list(option) != std::vector<std::string>{"none"}) return add_numbers(out, member, call, option);
  out[member] = json::array();
  return {};
}

Outcome<void> set_asn(Session& session, const Call& call) {
  auto asn = number_of("asn", call.value("asn"));
  if (!asn) return tl::unexpected(asn.error());
  json::object entry{{"asn", *asn}};
  if (auto done = add_neighbors(entry, "upstreams", call, "upstream"); !done) return done;
  if (auto done = add_neighbors(entry, "downstreams", call, "downstream"); !done) return done;
  add_text(entry, "group", call, "group");
  add_text(entry, "description", call, "description");
  auto now = watching(session, call);
  if (!now) return tl::unexpected(now.error());
  const std::string group = call.text("group").value_or("");
  const auto same =
      std::ranges::find_if(now->asns, [&](const json::value& each) { return is_entry(each, *asn, group); });
  if (same != now->asns.end()) {
    *same = std::move(entry);
  } else {
    now->asns.push_back(std::move(entry));
  }
  return write_asns(session, std::move(*now));
}

Outcome<void> delete_asn(Session& session, const Call& call) {
  const auto asn = number_of("asn", call.value("asn"));
  if (!asn) return tl::unexpected(asn.error());
  auto now = watching(session, call);
  if (!now) return tl::unexpected(now.error());
  const std::string group = call.text("group").value_or("");
  json::array left;
  for (json::value& each : now->asns) {
    if (!is_entry(each, *asn, group)) left.push_back(std::move(each));
  }
  now->asns = std::move(left);
  return write_asns(session, std::move(*now));
}

std::vector<Command> asn_watch_commands() {
  const std::vector<OptionSpec> connection = {group_option(), service_option(true)};
  const OptionSpec group{"--group", "group of the entry; an AS may have one entry for each"};
  std::vector<OptionSpec> one = connection;
  one.push_back({.names = "--asn", .help = "the AS number", .required = true});
  one.push_back(group);
  std::vector<OptionSpec> entry = one;
  entry.push_back({"--upstream", "AS numbers allowed next to it towards the peers, or none; left out: any",
                   OptionKind::list});
  entry.push_back({"--downstream", "AS numbers allowed next to it towards the origin, or none; left out: any",
                   OptionKind::list});
  entry.push_back({"--description", "a remark"});
  return {
      {"monitoring asn list", "List the ASes that a connection watches wherever they stand in a path.",
       connection, list_asns},
      {"monitoring asn set", "Watch an AS for a connection, or change who may stand next to it.", entry,
       set_asn},
      {"monitoring asn delete", "Watch an AS no longer.", one, delete_asn},
  };
}

}  // namespace

std::vector<Command> monitoring_commands() {
  std::vector<OptionSpec> set_options = resource_options();
  set_options.push_back(
      {"--asn", "allowed origins: AS numbers, ranges as 64500-64510, any, or none", OptionKind::list});
  set_options.push_back({"--upstream", "AS numbers allowed next to the origin", OptionKind::list});
  set_options.push_back(
      {"--backup-upstream", "AS numbers next to the origin that mean the backup route", OptionKind::list});
  set_options.push_back(
      {"--require-upstream", "AS numbers that must be seen next to the origin", OptionKind::list});
  set_options.push_back({.names = "--ignore-more-specifics",
                         .help = "whether more-specific prefixes are looked at",
                         .choices = {"true", "false"}});
  set_options.push_back({"--group", "group of the expectation"});
  set_options.push_back({"--description", "a remark"});
  set_options.push_back({"--file", "JSON file (or -) with all properties; replaces what is set"});
  std::vector<Command> out = {
      {"monitoring show", "Show what is expected of a prefix, or a connection's alert settings.",
       resource_options(), show},
      {"monitoring set", "Set what is expected of a prefix; what is not named stays.", set_options, set},
  };
  std::ranges::move(asn_watch_commands(), std::back_inserter(out));
  return out;
}

}  // namespace peering::cli
