// `service create|show|list|update|delete`: connections.
#include "cli/commands.h"

namespace peering::cli {

namespace {

const Columns service_columns = {
    {"Name", "name"},
    {"Location", "location"},
    {"Provider", "properties.peeringServiceProvider"},
    {"Customer at", "properties.peeringServiceLocation"},
    {"Primary", "properties.providerPrimaryPeeringLocation"},
    {"Backup", "properties.providerBackupPeeringLocation"},
    {"State", "properties.provisioningState", Show::state},
    {"Tags", "tags"},
    {"Id", "id"},
};
const Columns service_list_columns(service_columns.begin(), service_columns.end() - 2);

const Columns redundancy_columns = {
    {"Site", "site"},
    {"Redundant", "redundant"},
    {"Connections", "connections"},
    {"Last failover", "lastFailover.time", Show::time},
};
const Columns requirement_columns = {
    {"Requirement", "name"},
    {"Result", "result", Show::state},
    {"Seen", "seen"},
    {"What to do", "action"},
};

Outcome<std::string> path_of(const Session& session, const Call& call) {
  const auto subscription = session.subscription();
  if (!subscription) return tl::unexpected(subscription.error());
  return service_path(*subscription, call.value("resource-group"), call.value("name"));
}

Outcome<void> create(Session& session, const Call& call) {
  const auto path = path_of(session, call);
  if (!path) return tl::unexpected(path.error());
  const auto region = region_of(session, call);
  if (!region) return tl::unexpected(region.error());
  json::object properties;
  add_text(properties, "peeringServiceLocation", call, "peering-service-location");
  add_text(properties, "peeringServiceProvider", call, "peering-service-provider");
  add_text(properties, "providerPrimaryPeeringLocation", call, "provider-primary-peering-location");
  add_text(properties, "providerBackupPeeringLocation", call, "provider-backup-peering-location");
  json::object body{{"location", *region}, {"properties", std::move(properties)}};
  if (call.has("tags")) body["tags"] = pairs_of(call.list("tags"));
  if (const auto sku = call.text("sku")) body["sku"] = json::object{{"name", *sku}};
  return show_written(session, session.api().put(*path, body), service_columns);
}

Outcome<void> show(Session& session, const Call& call) {
  const auto path = path_of(session, call);
  if (!path) return tl::unexpected(path.error());
  const auto service = session.api().get(*path);
  if (!service) return tl::unexpected(service.error());
  session.print_one(*service, service_columns);
  return {};
}

Outcome<void> list(Session& session, const Call& call) {
  const auto subscription = session.subscription();
  if (!subscription) return tl::unexpected(subscription.error());
  const auto group = call.text("resource-group");
  const std::string scope = group ? group_path(*subscription, *group) : subscription_path(*subscription);
  const auto services = session.api().list(scope + "/providers/Microsoft.Peering/peeringServices");
  if (!services) return tl::unexpected(services.error());
  session.print_list(*services, service_list_columns);
  return {};
}

Outcome<void> update(Session& session, const Call& call) {
  const auto path = path_of(session, call);
  if (!path) return tl::unexpected(path.error());
  const auto tags = tags_patch(call);
  if (!tags) return tl::unexpected(tags.error());
  return show_written(session, session.api().patch(*path, *tags), service_columns);
}

// The site's verdict, then each reason.
Outcome<void> redundancy(Session& session, const Call& call) {
  const auto path = path_of(session, call);
  if (!path) return tl::unexpected(path.error());
  const auto site = session.api().get(extension_path(*path, "redundancy"));
  if (!site) return tl::unexpected(site.error());
  session.print_one(*site, redundancy_columns);
  const json::value* requirements = find(*site, "requirements");
  if (session.settings().format == Format::table && requirements && requirements->is_array()) {
    session.out() << "\n";
    session.print_list(requirements->get_array(), requirement_columns);
  }
  return {};
}

Outcome<void> remove_service(Session& session, const Call& call) {
  const auto path = path_of(session, call);
  if (!path) return tl::unexpected(path.error());
  if (auto sure = confirm(session, call, "connection " + call.value("name")); !sure) return sure;
  return remove(session, *path);
}

}  // namespace

std::vector<Command> service_commands() {
  const OptionSpec group = group_option(), name = service_option(true);
  return {
      {"service create",
       "Create or replace a connection.",
       {group,
        name,
        {"--location,-l", "Azure region, e.g. westeurope; default: the resource group's"},
        {"--peering-service-location", "state or province of the customer (service location list)"},
        {"--peering-service-provider", "the partner (service provider list)"},
        {"--provider-primary-peering-location", "the partner's primary metro"},
        {"--provider-backup-peering-location", "the partner's backup metro"},
        {"--sku", "name of the SKU"},
        {"--tags", "tags as name=value", OptionKind::list}},
       create},
      {"service show", "Show a connection.", {group, name}, show},
      {"service list",
       "List the connections of a subscription or resource group.",
       {{"--resource-group,-g", "only those of this resource group"}},
       list},
      {"service update",
       "Change the tags of a connection.",
       {group,
        name,
        {"--tags", "tags to set, as name=value", OptionKind::list},
        {"--remove-tags", "names of tags to remove", OptionKind::list}},
       update},
      {"service redundancy",
       "Show whether the connection's site is really redundant, and why not.",
       {group, {"name,--name,-n,--peering-service-name", "name of the connection", OptionKind::text, true}},
       redundancy},
      {"service delete",
       "Delete a connection and its prefixes.",
       {group, name, yes_option()},
       remove_service},
  };
}

}  // namespace peering::cli
