// `service prefix create|show|list|delete`: the prefixes of a connection.
#include "cli/commands.h"

namespace peering::cli {

namespace {

const Columns prefix_columns = {
    {"Name", "name"},
    {"Prefix", "properties.prefix"},
    {"State", "properties.prefixValidationState", Show::state},
    {"Learned", "properties.learnedType"},
    {"Message", "properties.errorMessage"},
    {"Id", "id"},
};
const Columns prefix_list_columns(prefix_columns.begin(), prefix_columns.end() - 1);

const Columns azure_event_columns = {
    {"Time", "eventTimestamp", Show::time},
    {"Level", "eventLevel", Show::level},
    {"Type", "eventType"},
    {"Summary", "eventSummary"},
};

Outcome<std::string> path_of(const Session& session, const Call& call) {
  const auto subscription = session.subscription();
  if (!subscription) return tl::unexpected(subscription.error());
  return prefix_path(*subscription, call.value("resource-group"), call.value("peering-service-name"),
                     call.value("name"));
}

Query expansion(const Call& call) {
  Query out;
  if (const auto expand = call.text("expand")) out.add("$expand", *expand);
  return out;
}

Outcome<void> create(Session& session, const Call& call) {
  const auto path = path_of(session, call);
  if (!path) return tl::unexpected(path.error());
  json::object properties;
  add_text(properties, "prefix", call, "prefix");
  add_text(properties, "peeringServicePrefixKey", call, "peering-service-prefix-key");
  const json::object body{{"properties", std::move(properties)}};
  return show_written(session, session.api().put(*path, body), prefix_columns);
}

Outcome<void> show(Session& session, const Call& call) {
  const auto path = path_of(session, call);
  if (!path) return tl::unexpected(path.error());
  const auto prefix = session.api().get(*path, expansion(call));
  if (!prefix) return tl::unexpected(prefix.error());
  session.print_one(*prefix, prefix_columns);
  const json::value* events = value_at(*prefix, "properties.events");
  if (session.settings().format == Format::table && events && events->is_array()) {
    session.out() << "\n";
    session.print_list(events->get_array(), azure_event_columns);
  }
  return {};
}

Outcome<void> list(Session& session, const Call& call) {
  const auto subscription = session.subscription();
  if (!subscription) return tl::unexpected(subscription.error());
  const std::string service =
      service_path(*subscription, call.value("resource-group"), call.value("peering-service-name"));
  const auto prefixes = session.api().list(service + "/prefixes", expansion(call));
  if (!prefixes) return tl::unexpected(prefixes.error());
  session.print_list(*prefixes, prefix_list_columns);
  return {};
}

Outcome<void> remove_prefix(Session& session, const Call& call) {
  const auto path = path_of(session, call);
  if (!path) return tl::unexpected(path.error());
  if (auto sure = confirm(session, call, "prefix " + call.value("name")); !sure) return sure;
  return remove(session, *path);
}

}  // namespace

std::vector<Command> prefix_commands() {
  const OptionSpec group = group_option(), service = service_option(false);
  const OptionSpec name{"--name,-n,--prefix-name", "name of the prefix", OptionKind::text, true};
  const OptionSpec expand{.names = "--expand", .help = "what to add to the answer", .choices = {"events"}};
  return {
      {"service prefix create",
       "Register a prefix.",
       {group,
        service,
        name,
        {"--prefix", "network and length, e.g. 203.0.113.0/24", OptionKind::text, true},
        {"--peering-service-prefix-key,--key", "the key that the partner got"}},
       create},
      {"service prefix show", "Show a prefix.", {group, service, name, expand}, show},
      {"service prefix list",
       "List the prefixes of a connection.",
       {group,
        {"--peering-service-name,--name,-n", "name of the connection", OptionKind::text, true},
        expand},
       list},
      {"service prefix delete", "Delete a prefix.", {group, service, name, yes_option()}, remove_prefix},
  };
}

}  // namespace peering::cli
