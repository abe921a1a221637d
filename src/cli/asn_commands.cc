// `asn create|show|list|delete|approve|reject`: AS numbers of a subscription.
#include "cli/commands.h"
#include "http/query.h"

namespace peering::cli {

namespace {

const Columns asn_columns = {
    {"Name", "name"},
    {"AS number", "properties.peerAsn", Show::number},
    {"Peer", "properties.peerName"},
    {"State", "properties.validationState", Show::state},
    {"Message", "properties.errorMessage"},
};

Outcome<std::string> collection(const Session& session) {
  const auto subscription = session.subscription();
  if (!subscription) return tl::unexpected(subscription.error());
  return subscription_path(*subscription) + "/providers/Microsoft.Peering/peerAsns";
}

Outcome<std::string> path_of(const Session& session, const Call& call) {
  const auto all = collection(session);
  if (!all) return tl::unexpected(all.error());
  return *all + "/" + http::percent_encode(call.value("name"));
}

Outcome<void> create(Session& session, const Call& call) {
  const auto path = path_of(session, call);
  if (!path) return tl::unexpected(path.error());
  json::object properties{{"peerAsn", call.number("peer-asn").value_or(0)}};
  add_text(properties, "peerName", call, "peer-name");
  if (call.has("peer-contact-detail")) {
    properties["peerContactDetail"] = json::array{pairs_of(call.list("peer-contact-detail"))};
  }
  const json::object body{{"properties", std::move(properties)}};
  return show_written(session, session.api().put(*path, body), asn_columns);
}

Outcome<void> show(Session& session, const Call& call) {
  const auto path = path_of(session, call);
  if (!path) return tl::unexpected(path.error());
  const auto asn = session.api().get(*path);
  if (!asn) return tl::unexpected(asn.error());
  session.print_one(*asn, asn_columns);
  return {};
}

Outcome<void> list(Session& session, const Call&) {
  const auto path = collection(session);
  if (!path) return tl::unexpected(path.error());
  const auto asns = session.api().list(*path);
  if (!asns) return tl::unexpected(asns.error());
  session.print_list(*asns, asn_columns);
  return {};
}

Outcome<void> remove_asn(Session& session, const Call& call) {
  const auto path = path_of(session, call);
  if (!path) return tl::unexpected(path.error());
  if (auto sure = confirm(session, call, "AS number " + call.value("name")); !sure) return sure;
  return remove(session, *path);
}

Outcome<void> decide(Session& session, const Call& call, std::string_view what) {
  const auto path = path_of(session, call);
  if (!path) return tl::unexpected(path.error());
  return show_written(session, session.api().post(extension_path(*path, what), reason_of(call)), asn_columns);
}

Outcome<void> approve(Session& session, const Call& call) { return decide(session, call, "approve"); }
Outcome<void> reject(Session& session, const Call& call) { return decide(session, call, "reject"); }

}  // namespace

std::vector<Command> asn_commands() {
  const OptionSpec name{"--name,-n,--peer-asn-name", "name of the entry", OptionKind::text, true};
  const OptionSpec decided{"--name,-n,--peer-asn-name,name", "name of the entry", OptionKind::text, true};
  return {
      {"asn create",
       "Register an AS number.",
       {name,
        {"--peer-asn", "the AS number", OptionKind::number, true},
        {"--peer-name", "name of the organisation"},
        {"--peer-contact-detail", "role=Noc email=… phone=…", OptionKind::list}},
       create},
      {"asn show", "Show an AS number.", {name}, show},
      {"asn list", "List the AS numbers of the subscription.", {}, list},
      {"asn delete", "Delete an AS number.", {name, yes_option()}, remove_asn},
      {"asn approve", "Approve an AS number (operators).", {decided}, approve},
      {"asn reject",
       "Reject an AS number (operators).",
       {decided, {"--reason", "why; the partner reads it as errorMessage"}},
       reject},
  };
}

}  // namespace peering::cli
