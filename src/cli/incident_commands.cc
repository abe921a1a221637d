// `incident list|show`: events that have one cause, together.
#include "cli/commands.h"

namespace peering::cli {

namespace {

const Columns incident_columns = {
    {"First seen", "firstSeen", Show::time},
    {"Level", "level", Show::level},
    {"State", "state", Show::state},
    {"Seconds", "durationSeconds", Show::number},
    {"Events", "eventCount", Show::number},
    {"Open", "openEventCount", Show::number},
    {"Prefixes", "prefixCount", Show::number},
    {"Summary", "summary"},
    {"Id", "id"},
};
const Columns one_columns = {
    {"Id", "id"},
    {"Summary", "summary"},
    {"Level", "level", Show::level},
    {"State", "state", Show::state},
    {"Kinds", "kinds"},
    {"Suspects", "suspectAsns"},
    {"First seen", "firstSeen", Show::time},
    {"Last seen", "lastSeen", Show::time},
    {"Resolved", "resolvedAt", Show::time},
    {"Seconds", "durationSeconds", Show::number},
    {"Events", "eventCount", Show::number},
    {"Open", "openEventCount", Show::number},
    {"Prefixes", "prefixes"},
    {"Connections", "connections"},
    {"Evidence", "evidence"},
};

// The resource that the options name, or the whole subscription.
Outcome<std::string> scope_of(const Session& session, const Call& call) {
  if (call.has("id") || call.has("peering-service-name")) return resource_of(session, call);
  const auto subscription = session.subscription();
  if (!subscription) return tl::unexpected(subscription.error());
  return subscription_path(*subscription);
}

std::string filter_of(const Call& call) {
  std::string out;
  const auto add = [&](std::string term) { out += (out.empty() ? "" : " and ") + std::move(term); };
  if (const auto since = call.text("since")) add("firstSeen ge " + *since);
  if (const auto until = call.text("until")) add("firstSeen lt " + *until);
  if (const auto level = call.text("level")) add("level ge " + filter_literal(*level));
  if (const auto kind = call.text("kind")) add("kind eq " + filter_literal(*kind));
  if (const auto state = call.text("state")) add("state eq " + filter_literal(*state));
  if (const auto suspect = call.text("suspect")) add("suspectAsn eq " + *suspect);
  if (const auto filter = call.text("filter")) add(*filter);
  return out;
}

Outcome<void> list(Session& session, const Call& call) {
  const auto scope = scope_of(session, call);
  if (!scope) return tl::unexpected(scope.error());
  Query query;
  if (const std::string filter = filter_of(call); !filter.empty()) query.add("$filter", filter);
  const auto incidents =
      session.api().list(extension_path(*scope, "incidents"), query, call.number("top").value_or(0));
  if (!incidents) return tl::unexpected(incidents.error());
  session.print_list(*incidents, incident_columns);
  return {};
}

Outcome<void> show(Session& session, const Call& call) {
  const auto scope = scope_of(session, call);
  if (!scope) return tl::unexpected(scope.error());
  Query query;
  query.add("$filter", "id eq " + filter_literal(call.value("incident-id")));
  const auto found = session.api().list(extension_path(*scope, "incidents"), query, 1);
  if (!found) return tl::unexpected(found.error());
  if (found->empty()) {
    return tl::unexpected(
        Failure{ExitCode::not_found, fmt::format("no incident {}", call.value("incident-id"))});
  }
  session.print_one(found->front(), one_columns);
  return {};
}

}  // namespace

std::vector<Command> incident_commands() {
  std::vector<OptionSpec> list_options = resource_options(), show_options = resource_options();
  list_options.push_back({"--level", "at this level or above: Information, Warning, Error, Critical"});
  list_options.push_back({"--kind", "with events of this kind, e.g. origin-hijack"});
  list_options.push_back({.names = "--state", .help = "only this state", .choices = {"open", "resolved"}});
  list_options.push_back({"--suspect", "AS number that is suspected", OptionKind::number});
  list_options.push_back({"--filter", "more terms, as in $filter: \"lastSeen ge 2026-11-23T10:00:00Z\""});
  list_options.push_back({"--since", "began at this time or later (RFC 3339)"});
  list_options.push_back({"--until", "began before this time"});
  list_options.push_back({"--top", "at most so many", OptionKind::number});
  show_options.push_back({"--incident-id", "id of the incident", OptionKind::text, true});
  return {
      {"incident list", "List incidents of the subscription, or of one connection or prefix, newest first.",
       list_options, list},
      {"incident show", "Show an incident: its state, duration, prefixes and evidence.", show_options, show},
  };
}

}  // namespace peering::cli
