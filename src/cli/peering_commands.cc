// `peering create|show|list|update|delete|approve|reject`, `received-route list`: partners' peerings.
#include <algorithm>
#include <array>
#include <charconv>

#include "cli/commands.h"
#include "http/query.h"
#include "model/registry.h"

namespace peering::cli {

namespace {

const Columns peering_columns = {
    {"Name", "name"},
    {"Location", "location"},
    {"Kind", "kind"},
    {"Sku", "sku.name"},
    {"Metro", "properties.peeringLocation"},
    {"Tags", "tags"},
    {"Id", "id"},
};
const Columns peering_list_columns(peering_columns.begin(), peering_columns.end() - 2);
const Columns connection_columns = {
    {"Connection", "connectionIdentifier"},
    {"State", "connectionState", Show::state},
    {"Mbps", "provisionedBandwidthInMbps", Show::number},
    {"IPv4 peer", "bgpSession.peerSessionIPv4Address"},
    {"IPv4", "bgpSession.sessionStateV4", Show::state},
    {"IPv6 peer", "bgpSession.peerSessionIPv6Address"},
    {"IPv6", "bgpSession.sessionStateV6", Show::state},
    {"Message", "errorMessage"},
};

constexpr std::array<std::string_view, 9> session_members = {"sessionPrefixV4",
                                                             "sessionPrefixV6",
                                                             "microsoftSessionIPv4Address",
                                                             "microsoftSessionIPv6Address",
                                                             "peerSessionIPv4Address",
                                                             "peerSessionIPv6Address",
                                                             "maxPrefixesAdvertisedV4",
                                                             "maxPrefixesAdvertisedV6",
                                                             "md5AuthenticationKey"};

Outcome<std::string> path_of(const Session& session, const Call& call) {
  const auto subscription = session.subscription();
  if (!subscription) return tl::unexpected(subscription.error());
  return peering_path(*subscription, call.value("resource-group"),
                      call.value(call.has("name") ? "name" : "peering-name"));
}

// Numbers and truth values as JSON has them; anything else is a text.
json::value value_of(std::string_view text) {
  std::int64_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec == std::errc() && parsed.ptr == text.data() + text.size()) return number;
  if (text == "true" || text == "false") return text == "true";
  return json::value(text);
}

void set_member(std::string_view word, json::object& connection) {
  const std::size_t equals = std::min(word.find('='), word.size());
  const std::string_view name = word.substr(0, equals);
  const std::string_view text = word.substr(std::min(word.size(), equals + 1));
  if (std::ranges::find(session_members, name) == session_members.end()) {
    connection[name] = value_of(text);
    return;
  }
  json::value& session = connection["bgpSession"];
  if (!session.is_object()) session = json::object();
  // A key of digits is a text all the same.
  session.get_object()[name] = name == "md5AuthenticationKey" ? json::value(text) : value_of(text);
}

// "bandwidthInMbps=10000,peerSessionIPv4Address=192.0.2.1" as the API has it.
json::object connection_of(std::string_view words) {
  json::object out;
  while (!words.empty()) {
    const std::size_t comma = std::min(words.find(','), words.size());
    set_member(words.substr(0, comma), out);
    words.remove_prefix(std::min(words.size(), comma + 1));
  }
  return out;
}

json::array connections_of(const json::value& peering) {
  for (const char* block : {"direct", "exchange"}) {
    const json::value* connections = find(peering, "properties", block, "connections");
    if (connections && connections->is_array()) return connections->get_array();
  }
  return {};
}

// For people the connections follow; a program gets the whole answer once.
Outcome<void> print_peering(Session& session, const json::value& peering) {
  session.print_one(peering, peering_columns);
  if (session.settings().format == Format::table) {
    session.out() << '\n';
    session.print_list(connections_of(peering), connection_columns);
  }
  return {};
}

Outcome<void> print_written(Session& session, const Outcome<Written>& written) {
  if (!written) return tl::unexpected(written.error());
  return print_peering(session, written->body);
}

Outcome<void> create(Session& session, const Call& call) {
  const auto path = path_of(session, call);
  if (!path) return tl::unexpected(path.error());
  const auto region = region_of(session, call);
  if (!region) return tl::unexpected(region.error());
  const bool direct = call.value("kind") == "Direct";
  json::array connections;
  for (const std::string& each : call.list("connection")) connections.push_back(connection_of(each));
  const std::string asn = fmt::format("{}/providers/Microsoft.Peering/peerAsns/{}",
                                      subscription_path(session.settings().subscription),
                                      http::percent_encode(call.value("peer-asn")));
  json::object block{{"connections", std::move(connections)}, {"peerAsn", json::object{{"id", asn}}}};
  if (direct) add_text(block, "directPeeringType", call, "direct-peering-type");
  json::object properties{{"peeringLocation", call.value("peering-location")},
                          {direct ? "direct" : "exchange", std::move(block)}};
  json::object body{{"location", *region},
                    {"kind", call.value("kind")},
                    {"sku", json::object{{"name", call.value("sku")}}},
                    {"properties", std::move(properties)}};
  if (call.has("tags")) body["tags"] = pairs_of(call.list("tags"));
  return print_written(session, session.api().put(*path, body));
}

Outcome<void> show(Session& session, const Call& call) {
  const auto path = path_of(session, call);
  if (!path) return tl::unexpected(path.error());
  const auto peering = session.api().get(*path);
  if (!peering) return tl::unexpected(peering.error());
  return print_peering(session, *peering);
}

Outcome<void> list(Session& session, const Call& call) {
  const auto subscription = session.subscription();
  if (!subscription) return tl::unexpected(subscription.error());
  const auto group = call.text("resource-group");
  const std::string scope = group ? group_path(*subscription, *group) : subscription_path(*subscription);
  const auto peerings = session.api().list(scope + "/providers/Microsoft.Peering/peerings");
  if (!peerings) return tl::unexpected(peerings.error());
  session.print_list(*peerings, peering_list_columns);
  return {};
}

Outcome<void> update(Session& session, const Call& call) {
  const auto path = path_of(session, call);
  if (!path) return tl::unexpected(path.error());
  const auto tags = tags_patch(call);
  if (!tags) return tl::unexpected(tags.error());
  return print_written(session, session.api().patch(*path, *tags));
}

Outcome<void> remove_peering(Session& session, const Call& call) {
  const auto path = path_of(session, call);
  if (!path) return tl::unexpected(path.error());
  if (auto sure = confirm(session, call, "peering " + call.value("name")); !sure) return sure;
  return remove(session, *path);
}

// Without a resource group the one peering of the name in the subscription.
Outcome<std::string> find_peering(Session& session, const Call& call) {
  if (call.has("resource-group")) return path_of(session, call);
  const auto subscription = session.subscription();
  if (!subscription) return tl::unexpected(subscription.error());
  const auto all =
      session.api().list(subscription_path(*subscription) + "/providers/Microsoft.Peering/peerings");
  if (!all) return tl::unexpected(all.error());
  const std::string name = call.value("name");
  std::vector<std::string> found;
  for (const json::value& each : *all) {
    if (model::lower(find_string(each, "name").value_or("")) == model::lower(name)) {
      found.push_back(find_string(each, "id").value_or(""));
    }
  }
  if (found.size() == 1) return found.front();
  return usage_error("{} peerings of the subscription are named {}: say which with --resource-group",
                     found.size(), name);
}

// The connection that was named, or all that wait.
Outcome<std::vector<std::string>> connections_to_decide(Session& session, const Call& call,
                                                        const std::string& path) {
  if (const auto given = call.text("connection")) return std::vector{*given};
  const auto peering = session.api().get(path);
  if (!peering) return tl::unexpected(peering.error());
  std::vector<std::string> out;
  for (const json::value& each : connections_of(*peering)) {
    if (find_string(each, "connectionState") != "PendingApproval") continue;
    out.push_back(find_string(each, "connectionIdentifier").value_or(""));
  }
  if (out.empty()) return usage_error("no connection waits for approval: name one with --connection");
  return out;
}

Outcome<void> decide(Session& session, const Call& call, std::string_view what) {
  const auto path = find_peering(session, call);
  if (!path) return tl::unexpected(path.error());
  const auto connections = connections_to_decide(session, call, *path);
  if (!connections) return tl::unexpected(connections.error());
  json::object body = reason_of(call);
  for (const std::string& word : call.list("session")) set_member(word, body);
  json::value last;
  for (const std::string& each : *connections) {
    const std::string tail = fmt::format("connections/{}/{}", http::percent_encode(each), what);
    auto written = session.api().post(extension_path(*path, tail), body);
    if (!written) return tl::unexpected(written.error());
    last = std::move(written->body);
  }
  return print_peering(session, last);
}

Outcome<void> approve(Session& session, const Call& call) { return decide(session, call, "approve"); }
Outcome<void> reject(Session& session, const Call& call) { return decide(session, call, "reject"); }

Outcome<void> received_routes(Session& session, const Call& call) {
  const auto path = path_of(session, call);
  if (!path) return tl::unexpected(path.error());
  Query query;
  for (const auto& [option, parameter] : std::array<std::pair<std::string_view, std::string_view>, 4>{
           {{"prefix", "prefix"},
            {"as-path", "asPath"},
            {"origin-as-validation-state", "originAsValidationState"},
            {"rpki-validation-state", "rpkiValidationState"}}}) {
    if (const auto given = call.text(option)) query.add(parameter, *given);
  }
  query.add("$top", "1000");
  const auto routes = session.api().list(*path + "/receivedRoutes", query);
  if (!routes) return tl::unexpected(routes.error());
  session.print_list(*routes, {{"Prefix", "prefix"},
                               {"Next hop", "nextHop"},
                               {"AS path", "asPath"},
                               {"Origin", "originAsValidationState", Show::state},
                               {"RPKI", "rpkiValidationState", Show::state},
                               {"Received", "receivedTimestamp"}});
  return {};
}

Command received_command(const OptionSpec& group) {
  return {"received-route list",
          "List the routes that a peering's sessions receive now.",
          {group,
           {"--peering-name,--name,-n", "name of the peering", OptionKind::text, true},
           {"--prefix", "only routes for exactly this prefix"},
           {"--as-path", "only routes with exactly this AS path, numbers separated by blanks"},
           {.names = "--origin-as-validation-state",
            .help = "only routes in this state",
            .choices = {"Valid", "Invalid", "Unknown"}},
           {.names = "--rpki-validation-state",
            .help = "only routes in this state",
            .choices = {"Valid", "Invalid", "Unknown"}}},
          received_routes};
}

Command create_command(const OptionSpec& group, const OptionSpec& name) {
  return {
      "peering create",
      "Create or replace a peering.",
      {group,
       name,
       {.names = "--kind",
        .help = "how it is connected",
        .required = true,
        .choices = {"Direct", "Exchange"}},
       {"--peering-location", "the metro (list of peering locations)", OptionKind::text, true},
       {"--peer-asn", "name of the peer ASN (`asn create`)", OptionKind::text, true},
       {"--sku", "e.g. Basic_Direct_Free, Premium_Direct_Free, Basic_Exchange_Free", OptionKind::text, true},
       {"--direct-peering-type", "of a direct one, e.g. Edge, Cdn, IxRs"},
       {"--connection",
        "bandwidthInMbps=…,peerSessionIPv4Address=…: one word a connection, members as in the API",
        OptionKind::list},
       {"--location,-l", "Azure region, e.g. westeurope; default: the resource group's"},
       {"--tags", "tags as name=value", OptionKind::list}},
      create};
}

}  // namespace

std::vector<Command> peering_commands() {
  const OptionSpec group = group_option();
  const OptionSpec name{"--name,-n,--peering-name", "name of the peering", OptionKind::text, true};
  const OptionSpec any_group{"--resource-group,-g", "default: that of the one peering of this name"};
  const OptionSpec decided{"--name,-n,--peering-name,name", "name of the peering", OptionKind::text, true};
  const OptionSpec connection{"--connection",
                              "connectionIdentifier; default: every one that waits for approval"};
  return {
      create_command(group, name),
      {"peering show", "Show a peering and its connections.", {group, name}, show},
      {"peering list",
       "List the peerings of a subscription or resource group.",
       {{"--resource-group,-g", "only those of this resource group"}},
       list},
      {"peering update",
       "Change the tags of a peering.",
       {group,
        name,
        {"--tags", "tags to set, as name=value", OptionKind::list},
        {"--remove-tags", "names of tags to remove", OptionKind::list}},
       update},
      {"peering delete", "Delete a peering.", {group, name, yes_option()}, remove_peering},
      {"peering approve",
       "Approve connections of a peering (operators).",
       {any_group,
        decided,
        connection,
        {"--session", "addresses that we give, e.g. peerSessionIPv4Address=192.0.2.1", OptionKind::list}},
       approve},
      {"peering reject",
       "Reject connections of a peering (operators).",
       {any_group, decided, connection, {"--reason", "why; the partner reads it as errorMessage"}},
       reject},
      received_command(group),
  };
}

}  // namespace peering::cli
