// `audit list`: what was changed, and by whom.
#include <charconv>

#include "base/time.h"
#include "cli/commands.h"

namespace peering::cli {

namespace {

const Columns audit_columns = {
    {"Time", "timestamp", Show::time}, {"Caller", "caller.principalId"},  {"Name", "caller.name"},
    {"Operation", "operation"},        {"Status", "status", Show::state}, {"Resource", "resourceId"},
    {"Address", "callerIpAddress"},
};

// What the options name: an id, a connection or one of its prefixes, a group, or the subscription.
Outcome<std::string> scope_of(const Session& session, const Call& call) {
  if (const auto id = call.text("resource")) {
    if (*id == "/") return std::string();
    if (!id->starts_with("/subscriptions/")) {
      return usage_error("--resource '{}': / or an id that begins with /subscriptions/", *id);
    }
    return *id;
  }
  const auto subscription = session.subscription();
  if (!subscription) return tl::unexpected(subscription.error());
  const auto group = call.text("group"), service = call.text("service"), prefix = call.text("prefix-name");
  if ((service && !group) || (prefix && !service)) {
    return usage_error("--service needs --group, and --prefix-name needs --service");
  }
  if (prefix) return prefix_path(*subscription, *group, *service, *prefix);
  if (service) return service_path(*subscription, *group, *service);
  return group ? group_path(*subscription, *group) : subscription_path(*subscription);
}

// A time as it is, or how long ago: 30d, 12h, 90m.
std::string moment_of(const std::string& text) {
  std::int64_t count = 0;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, count);
  if (parsed.ec != std::errc() || parsed.ptr + 1 != end || count < 0 || count > 100'000) return text;
  const auto ago = [&](auto duration) {
    return format_rfc3339(std::chrono::floor<std::chrono::seconds>(now() - duration));
  };
  switch (text.back()) {
    case 'd':
      return ago(std::chrono::days(count));
    case 'h':
      return ago(std::chrono::hours(count));
    case 'm':
      return ago(std::chrono::minutes(count));
    default:
      return text;
  }
}

Query query_of(const Call& call) {
  std::string filter;
  const auto add = [&](const std::string& term) { filter += (filter.empty() ? "" : " and ") + term; };
  if (const auto since = call.text("since")) add("timestamp ge " + moment_of(*since));
  if (const auto until = call.text("until")) add("timestamp lt " + moment_of(*until));
  for (const std::string_view field : {"caller", "operation", "status"}) {
    if (const auto given = call.text(field)) add(std::string(field) + " eq " + filter_literal(*given));
  }
  Query out;
  if (!filter.empty()) out.add("$filter", filter);
  return out;
}

Outcome<void> list(Session& session, const Call& call) {
  const auto scope = scope_of(session, call);
  if (!scope) return tl::unexpected(scope.error());
  const auto entries =
      session.api().list(extension_path(*scope, "auditLog"), query_of(call), call.number("top").value_or(0));
  if (!entries) return tl::unexpected(entries.error());
  session.print_list(*entries, audit_columns);
  return {};
}

}  // namespace

std::vector<Command> audit_commands() {
  return {
      {"audit list",
       "List what was changed, and by whom, newest first (owners).",
       {{"--group,-g,--resource-group", "resource group; without it the whole subscription"},
        {"--service,--peering-service-name,-n", "name of a connection in it"},
        {"--prefix-name", "name of one of its prefixes"},
        {"--resource,--id", "id of any resource instead of the names; / for what is in no subscription"},
        {"--since", "from this time on, or so long ago: 30d, 12h, 90m"},
        {"--until", "before this time, or so long ago"},
        {"--caller", "only of this caller: principal, name of a token, or subject"},
        {"--operation", "only of this kind, e.g. Microsoft.Peering/peeringServices/write"},
        {.names = "--status",
         .help = "only what was done, or was refused",
         .choices = {"Succeeded", "Failed"}},
        {"--top", "at most so many", OptionKind::number}},
       list},
  };
}

}  // namespace peering::cli
