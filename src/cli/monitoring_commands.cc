// `monitoring show|set`: what is expected of a prefix, and the settings of a connection.
#include <algorithm>

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
  return {
      {"monitoring show", "Show what is expected of a prefix, or a connection's alert settings.",
       resource_options(), show},
      {"monitoring set", "Set what is expected of a prefix; what is not named stays.", set_options, set},
  };
}

}  // namespace peering::cli
