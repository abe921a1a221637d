// `silence create|list|show|expire|delete`: which events are not told for a time.
#include <array>

#include "base/time.h"
#include "cli/commands.h"
#include "http/query.h"

namespace peering::cli {

namespace {

const Columns silence_columns = {
    {"Name", "name"},
    {"State", "properties.state"},
    {"Matchers", "properties.matchers"},
    {"Starts", "properties.startsAt", Show::time},
    {"Ends", "properties.endsAt", Show::time},
    {"Recurs", "properties.recurrence.frequency"},
    {"Comment", "properties.comment"},
};

Outcome<std::string> silences_path(const Session& session) {
  const auto subscription = session.subscription();
  if (!subscription) return tl::unexpected(subscription.error());
  return extension_path(subscription_path(*subscription), "silences");
}

Outcome<std::string> silence_path(const Session& session, const Call& call) {
  const auto all = silences_path(session);
  if (!all) return tl::unexpected(all.error());
  return *all + "/" + http::percent_encode(call.value("name"));
}

// As Alertmanager's command line writes them.
Outcome<json::object> matcher_of(const std::string& word) {
  struct Operator {
    std::string_view text;
    bool is_equal, is_regex;
  };
  constexpr std::array<Operator, 4> operators = {
      {{"!=", false, false}, {"=~", true, true}, {"!~", false, true}, {"=", true, false}}};
  const std::size_t at = word.find_first_of("=!");
  for (const Operator& each : operators) {
    if (at == 0 || at == std::string::npos || word.compare(at, each.text.size(), each.text) != 0) continue;
    return json::object{{"name", word.substr(0, at)},
                        {"value", word.substr(at + each.text.size())},
                        {"isRegex", each.is_regex},
                        {"isEqual", each.is_equal}};
  }
  return usage_error("--matcher '{}': name=value, name!=value, name=~expression or name!~expression", word);
}

// A time, or so long after `from`: 30d, 12h, 90m.
Outcome<std::string> moment_of(std::string_view option, const std::string& text, TimePoint from) {
  if (const auto at = parse_rfc3339(text)) return text;
  const auto wrong = [&] {
    return usage_error("--{} '{}': a time, or a number and m, h or d", option, text);
  };
  if (text.size() < 2 || text.size() > 7) return wrong();
  std::int64_t number = 0;
  for (const char c : text.substr(0, text.size() - 1)) {
    if (c < '0' || c > '9') return wrong();
    number = number * 10 + (c - '0');
  }
  const char unit = text.back();
  const std::int64_t minutes = unit == 'm' ? 1 : unit == 'h' ? 60 : unit == 'd' ? 24 * 60 : 0;
  if (minutes == 0) return wrong();
  return format_rfc3339(from + std::chrono::minutes(number * minutes));
}

Outcome<void> add_times(json::object& properties, const Call& call, TimePoint now) {
  if (const auto given = call.text("starts-at")) {
    const auto at = moment_of("starts-at", *given, now);
    if (!at) return tl::unexpected(at.error());
    properties["startsAt"] = *at;
  }
  if (const auto given = call.text("ends-at")) {
    const json::value* starts = properties.if_contains("startsAt");
    const auto from = starts ? parse_rfc3339(std::string(starts->as_string())) : Result<TimePoint>(now);
    const auto at = moment_of("ends-at", *given, from.value_or(now));
    if (!at) return tl::unexpected(at.error());
    properties["endsAt"] = *at;
  }
  return {};
}

void add_recurrence(json::object& properties, const Call& call) {
  if (!call.has("from") && !call.has("to") && !call.has("day")) return;
  json::object recurrence{{"frequency", call.has("day") ? "Weekly" : "Daily"}};
  json::array days;
  for (const std::string& each : call.list("day")) days.emplace_back(each);
  if (!days.empty()) recurrence["daysOfWeek"] = std::move(days);
  add_text(recurrence, "startTime", call, "from");
  add_text(recurrence, "endTime", call, "to");
  add_text(recurrence, "utcOffset", call, "utc-offset");
  add_text(recurrence, "timeZone", call, "time-zone");
  properties["recurrence"] = std::move(recurrence);
}

Outcome<void> create(Session& session, const Call& call) {
  const auto path = silence_path(session, call);
  if (!path) return tl::unexpected(path.error());
  json::object properties;
  json::array matchers;
  for (const std::string& word : call.list("matcher")) {
    auto matcher = matcher_of(word);
    if (!matcher) return tl::unexpected(matcher.error());
    matchers.push_back(std::move(*matcher));
  }
  properties["matchers"] = std::move(matchers);
  if (auto done = add_times(properties, call, now()); !done) return done;
  add_recurrence(properties, call);
  add_text(properties, "comment", call, "comment");
  return show_written(session, session.api().put(*path, json::object{{"properties", std::move(properties)}}),
                      silence_columns);
}

Outcome<void> list(Session& session, const Call& call) {
  const auto path = silences_path(session);
  if (!path) return tl::unexpected(path.error());
  const auto silences = session.api().list(*path);
  if (!silences) return tl::unexpected(silences.error());
  json::array out;
  for (const json::value& each : *silences) {
    const json::value* properties = find(each, "properties");
    const std::string state = properties ? find_string(*properties, "state").value_or("") : "";
    if (!call.has("state") || state == call.value("state")) out.push_back(each);
  }
  session.print_list(out, silence_columns);
  return {};
}

Outcome<void> show(Session& session, const Call& call) {
  const auto path = silence_path(session, call);
  if (!path) return tl::unexpected(path.error());
  const auto silence = session.api().get(*path);
  if (!silence) return tl::unexpected(silence.error());
  session.print_one(*silence, silence_columns);
  return {};
}

// Ends it now, and keeps it to be looked up.
Outcome<void> expire(Session& session, const Call& call) {
  const auto path = silence_path(session, call);
  if (!path) return tl::unexpected(path.error());
  const auto silence = session.api().get(*path);
  if (!silence) return tl::unexpected(silence.error());
  const json::value* shown = find(*silence, "properties");
  if (!shown || !shown->is_object()) return failed("the server's answer has no properties");
  json::object properties = shown->get_object();
  if (find_string(*shown, "state") == "expired") {
    session.note("it is over already");
    return {};
  }
  const TimePoint at = now();
  const auto starts = parse_rfc3339(find_string(*shown, "startsAt").value_or(""));
  if (starts && *starts >= at) properties.erase("startsAt");
  properties["endsAt"] = format_rfc3339(at);
  return show_written(session, session.api().put(*path, json::object{{"properties", std::move(properties)}}),
                      silence_columns);
}

Outcome<void> remove_silence(Session& session, const Call& call) {
  const auto path = silence_path(session, call);
  if (!path) return tl::unexpected(path.error());
  if (auto sure = confirm(session, call, "silence " + call.value("name")); !sure) return sure;
  return remove(session, *path);
}

}  // namespace

std::vector<Command> silence_commands() {
  const OptionSpec name{"--name,-n", "name of the silence", OptionKind::text, true};
  return {
      {"silence create",
       "Create or replace a silence: events that all its matchers fit are not told while it lasts.",
       {name,
        {"--matcher,-m",
         "name=value, name!=value, name=~expression or name!~expression; names: connection, resourceGroup, "
         "prefix "
         "(lies within), kind, level, type, originAsn, suspectAsn, group",
         OptionKind::list, true},
        {"--starts-at", "a time, or so long from now: 90m, 12h, 30d; without it at once"},
        {"--ends-at", "a time, or so long after its start: 90m, 12h, 30d; needed unless it recurs"},
        {"--from", "comes back at this time of day, e.g. 22:00"},
        {"--to", "and ends at this time of day"},
        {"--day", "only on these days: Monday Tuesday …", OptionKind::list},
        {"--time-zone", "of --from, --to and --day, by its name in the IANA database: Europe/Berlin"},
        {"--utc-offset", "instead, a fixed one: Z (default), +01:00, …"},
        {"--comment", "why"}},
       create},
      {"silence list",
       "List the silences of the subscription.",
       {{.names = "--state", .help = "only this state", .choices = {"pending", "active", "expired"}}},
       list},
      {"silence show", "Show a silence.", {name}, show},
      {"silence expire",
       "End a silence now; what it silenced and is still open is told then.",
       {name},
       expire},
      {"silence delete", "Delete a silence.", {name, yes_option()}, remove_silence},
  };
}

}  // namespace peering::cli
