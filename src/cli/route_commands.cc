// `route show`: the routes that routers have now for a prefix.
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

Outcome<void> show(Session& session, const Call& call) {
  const auto resource = resource_of(session, call);
  if (!resource) return tl::unexpected(resource.error());
  const auto answer = session.api().get(extension_path(*resource, "routes"));
  if (!answer) return tl::unexpected(answer.error());
  const json::value* routes = find(*answer, "routes");
  if (!routes || !routes->is_array()) return failed("the server's answer has no list in 'routes'");
  const Format format = session.settings().format;
  if (format == Format::json || format == Format::yaml) {
    session.print_one(*answer, {});
  } else {
    session.print_list(routes->get_array(), route_columns);
  }
  return {};
}

}  // namespace

std::vector<Command> route_commands() {
  return {{"route show", "Show the current routes of a prefix: exact, covering and more specific ones.",
           resource_options(), show}};
}

}  // namespace peering::cli
