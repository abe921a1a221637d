#include "cli/commands.h"

#include <iostream>
#include <iterator>

#include <unistd.h>

namespace peering::cli {

std::vector<Command> all_commands() {
  std::vector<Command> out;
  for (const auto part :
       {service_commands,      prefix_commands,     catalogue_commands,    catalog_commands,
        asn_commands,          peering_commands,    registration_commands, validation_commands,
        event_commands,        incident_commands,   latency_commands,      route_commands,
        probe_commands,        monitoring_commands, suggest_commands,      alert_commands,
        silence_commands,      token_commands,      role_commands,         audit_commands,
        subscription_commands, status_commands,     as_code_commands,      deployment_commands,
        offline_commands,      replay_commands,     simulate_commands}) {
    std::vector<Command> rows = part();
    std::move(rows.begin(), rows.end(), std::back_inserter(out));
  }
  return out;
}

std::vector<OptionSpec> common_options() {
  return {
      {"--endpoint", "the server's address (PEERING_ENDPOINT); default http://127.0.0.1:8470"},
      {"--token", "bearer token (PEERING_TOKEN)"},
      {"--token-file", "file with the bearer token (PEERING_TOKEN_FILE)"},
      {"--subscription", "subscription id (PEERING_SUBSCRIPTION)"},
      {"--ca-file", "PEM file of the authority that signed the server's certificate (PEERING_CA_FILE)"},
      {.names = "--output,-o",
       .help = "how answers look; default: table on a terminal, else json (PEERING_OUTPUT)",
       .choices = {"table", "json", "tsv", "yaml"}},
      {"--no-color", "no colours (also NO_COLOR)", OptionKind::flag},
  };
}

OptionSpec group_option() { return {"--resource-group,-g", "resource group", OptionKind::text, true}; }

OptionSpec service_option(bool is_name) {
  return {is_name ? "--name,-n,--peering-service-name" : "--peering-service-name", "name of the connection",
          OptionKind::text, true};
}

OptionSpec yes_option() { return {"--yes,-y", "do not ask", OptionKind::flag}; }

std::vector<OptionSpec> resource_options() {
  return {
      {"--resource-group,-g", "resource group"},
      {"--peering-service-name,--name,-n", "name of the connection"},
      {"--prefix-name", "name of one of its prefixes; without it the whole connection"},
      {"--id", "id of the resource, instead of the names"},
  };
}

Outcome<std::string> resource_of(const Session& session, const Call& call) {
  if (const auto id = call.text("id")) {
    if (id->rfind("/subscriptions/", 0) != 0)
      return usage_error("--id '{}': begins with /subscriptions/", *id);
    return *id;
  }
  const auto group = call.text("resource-group"), service = call.text("peering-service-name");
  if (!group || !service) return usage_error("give --resource-group and --peering-service-name, or --id");
  const auto subscription = session.subscription();
  if (!subscription) return tl::unexpected(subscription.error());
  if (const auto prefix = call.text("prefix-name")) {
    return prefix_path(*subscription, *group, *service, *prefix);
  }
  return service_path(*subscription, *group, *service);
}

Outcome<std::string> region_of(Session& session, const Call& call) {
  if (const auto given = call.text("location")) return *given;
  const auto group =
      session.api().get(group_path(session.settings().subscription, call.value("resource-group")));
  if (!group) return tl::unexpected(group.error());
  const auto region = find_string(*group, "location");
  if (!region) return usage_error("the resource group has no location: give --location");
  return *region;
}

json::object pairs_of(const std::vector<std::string>& words) {
  json::object out;
  for (const std::string& word : words) {
    if (word.empty()) continue;
    const std::size_t equals = word.find('=');
    out[word.substr(0, equals)] = equals == std::string::npos ? "" : word.substr(equals + 1);
  }
  return out;
}

Outcome<json::object> tags_patch(const Call& call) {
  if (!call.has("tags") && !call.has("remove-tags")) return usage_error("give --tags or --remove-tags");
  json::object tags = pairs_of(call.list("tags"));
  for (const std::string& name : call.list("remove-tags")) tags[name] = nullptr;
  return json::object{{"tags", std::move(tags)}};
}

std::string filter_literal(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') out += '\'';
    out += c;
  }
  return out + "'";
}

void add_text(json::object& object, std::string_view member, const Call& call, std::string_view option) {
  if (const auto given = call.text(option)) object[member] = *given;
}

json::object reason_of(const Call& call) {
  json::object out;
  add_text(out, "reason", call, "reason");
  return out;
}

Outcome<void> confirm(Session& session, const Call& call, std::string_view what) {
  if (call.has("yes") || isatty(STDIN_FILENO) != 1) return {};
  session.err() << "Delete " << what << "? [y/N] " << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  if (answer == "y" || answer == "Y" || answer == "yes") return {};
  return usage_error("not deleted");
}

Outcome<void> remove(Session& session, std::string_view path) {
  const auto removed = session.api().remove(path);
  if (!removed) return tl::unexpected(removed.error());
  if (!*removed) session.note("there was nothing to delete");
  return {};
}

Outcome<void> show_written(Session& session, const Outcome<Written>& written, const Columns& columns) {
  if (!written) return tl::unexpected(written.error());
  if (!written->body.is_null()) session.print_one(written->body, columns);
  return {};
}

}  // namespace peering::cli
