// `route show`: the routes that routers have now, for what is registered or for any prefix or address.
#include "cli/commands.h"

namespace peering::cli {

namespace {

const Columns route_columns = {
    {"Prefix", "prefix"},
    {"Relation", "relation"},
    {"Role", "role", Show::state},
    {"Router", "peer.router"},
    {"Peer", "peer.address"},
    {"AS", "peer.asn", Show::number},
    {"AS path", "asPath"},
    {"Next hop", "nextHop"},
    {"RPKI", "rpki"},
    {"Received", "receivedAt", Show::time},
};

Outcome<json::value> routes_of_resource(Session& session, const Call& call) {
  for (const char* option : {"peer", "covering", "more-specific", "top"}) {
    if (call.has(option)) return usage_error("--{} needs a prefix or address: route show PREFIX", option);
  }
  const auto resource = resource_of(session, call);
  if (!resource) return tl::unexpected(resource.error());
  return session.api().get(extension_path(*resource, "routes"));
}

Outcome<json::value> routes_of_prefix(Session& session, const Call& call) {
  for (const char* option : {"resource-group", "peering-service-name", "prefix-name", "id"}) {
    if (call.has(option)) return usage_error("--{} and a prefix or address exclude each other", option);
  }
  Query query;
  query.add("prefix", call.value("prefix"));
  std::string relations = "exact";
  if (call.has("covering")) relations += ",covering";
  if (call.has("more-specific")) relations += ",moreSpecific";
  query.add("relation", relations);
  if (const auto peer = call.text("peer")) query.add("peer", *peer);
  if (const auto top = call.text("top")) query.add("top", *top);
  return session.api().get(extension_path("", "routes"), query);
}

void print(Session& session, const json::value& answer, const json::array& routes) {
  const Format format = session.settings().format;
  if (format == Format::json || format == Format::yaml) return session.print_one(answer, {});
  if (!routes.empty()) session.print_list(routes, route_columns);
  const json::value* truncated = find(answer, "truncated");
  if (truncated && *truncated == true) {
    session.note(fmt::format("there are more routes than these {}", routes.size()));
  }
}

Outcome<void> show(Session& session, const Call& call) {
  const bool any = call.has("prefix");
  const auto answer = any ? routes_of_prefix(session, call) : routes_of_resource(session, call);
  if (!answer) return tl::unexpected(answer.error());
  const json::value* routes = find(*answer, "routes");
  if (!routes || !routes->is_array()) return failed("the server's answer has no list in 'routes'");
  print(session, *answer, routes->get_array());
  if (!routes->get_array().empty()) return {};
  if (any) {
    return tl::unexpected(
        Failure{ExitCode::not_found, fmt::format("there is no such route for '{}'", call.value("prefix"))});
  }
  if (session.settings().format == Format::table) session.note("nothing found");
  return {};
}

std::vector<OptionSpec> show_options() {
  std::vector<OptionSpec> out{{"prefix",
                               "any prefix, or an address for its longest match, registered or not; "
                               "instead of the names (a token for everything is needed)"}};
  for (const OptionSpec& option : resource_options()) out.push_back(option);
  out.push_back({"--peer", "with a prefix: only routes of peers with this address"});
  out.push_back({"--covering", "with a prefix: also less specific routes", OptionKind::flag});
  out.push_back({"--more-specific", "with a prefix: also more specific routes", OptionKind::flag});
  out.push_back({"--top", "with a prefix: at most so many, up to 1000", OptionKind::number});
  return out;
}

}  // namespace

std::vector<Command> route_commands() {
  return {{"route show",
           "Show current routes: those of what is registered, or those of any prefix or address.",
           show_options(), show}};
}

}  // namespace peering::cli
