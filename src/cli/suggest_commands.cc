// `monitoring suggest` and `event learn`: what could be expected, shown as a difference, and made so when it
// is confirmed.
#include <algorithm>
#include <iostream>

#include <unistd.h>

#include "cli/commands.h"
#include "cli/watch_suggestion.h"

namespace peering::cli {

namespace {

const Columns suggestion_columns = {
    {"Prefix", "properties.prefix"},
    {"Suggested", "properties.suggested"},
    {"Warnings", "properties.warnings"},
};

constexpr std::string_view settings_tail = "monitoring/default";

bool changes_something(const json::value& suggestion) {
  const json::value* suggested = value_at(suggestion, "properties.suggested");
  return suggested && suggested->is_object() && !suggested->get_object().empty();
}

// The id of the prefix that it is about.
std::string prefix_id(const json::value& suggestion) {
  const std::string id = find_string(suggestion, "id").value_or("");
  return id.substr(0, id.rfind("/providers/Open.Peering/"));
}

std::string field_text(const json::value& change, std::string_view key) {
  const json::value* value = find(change, key);
  return value ? json::serialize(*value) : "(not set)";
}

// As people read a difference: what would be other, and why.
void print_difference(Session& session, const json::value& suggestion) {
  std::ostream& out = session.out();
  out << plain_text(*value_at(suggestion, "properties.prefix")) << '\n';
  if (!changes_something(suggestion)) out << "  nothing to change\n";
  for (const json::value& change : value_at(suggestion, "properties.changes")->as_array()) {
    out << fmt::format("  {}: {} -> {}\n", find_string(change, "field").value_or(""),
                       field_text(change, "before"), field_text(change, "after"));
  }
  for (const json::value& reason : value_at(suggestion, "properties.reasons")->as_array()) {
    out << fmt::format("    {} {}: {}\n", find_string(reason, "field").value_or(""),
                       field_text(reason, "value"), find_string(reason, "why").value_or(""));
  }
  for (const json::value& warning : value_at(suggestion, "properties.warnings")->as_array()) {
    out << "  warning: " << plain_text(warning) << '\n';
  }
}

void print_suggestions(Session& session, const json::array& suggestions, bool is_list) {
  if (session.settings().format == Format::table) {
    for (const json::value& each : suggestions) print_difference(session, each);
  } else if (is_list) {
    session.print_list(suggestions, suggestion_columns);
  } else {
    session.print_one(suggestions.front(), suggestion_columns);
  }
}

// Nothing is changed without a yes.
Outcome<void> agreed(Session& session, const Call& call, std::size_t changes) {
  if (call.has("yes")) return {};
  if (isatty(STDIN_FILENO) != 1) return usage_error("--apply without a terminal to ask on needs --yes");
  session.out().flush();
  session.err() << fmt::format("Change what is expected of {} prefix{}? [y/N] ", changes,
                               changes == 1 ? "" : "es")
                << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  if (answer == "y" || answer == "Y" || answer == "yes") return {};
  return usage_error("nothing changed");
}

Outcome<void> apply(Session& session, const Call& call, const json::array& suggestions) {
  const auto changes = static_cast<std::size_t>(std::ranges::count_if(suggestions, changes_something));
  if (changes == 0) return {};
  if (auto yes = agreed(session, call, changes); !yes) return yes;
  for (const json::value& each : suggestions) {
    if (!changes_something(each)) continue;
    const json::object body{{"properties", *value_at(each, "properties.suggested")}};
    const auto done = session.api().patch(extension_path(prefix_id(each), settings_tail), body);
    if (!done) return tl::unexpected(done.error());
  }
  session.note(fmt::format("changed what is expected of {} prefix{}", changes, changes == 1 ? "" : "es"));
  return {};
}

Outcome<void> suggest_online(Session& session, const Call& call) {
  const auto resource = resource_of(session, call);
  if (!resource) return tl::unexpected(resource.error());
  const auto answer = session.api().get(extension_path(*resource, "monitoring/default/suggestion"));
  if (!answer) return tl::unexpected(answer.error());
  const json::value* list = find(*answer, "value");
  const json::array suggestions = list && list->is_array() ? list->get_array() : json::array{*answer};
  print_suggestions(session, suggestions, list != nullptr);
  return call.has("apply") ? apply(session, call, suggestions) : Outcome<void>();
}

Outcome<WatchSuggestionOptions> offline_options(const Call& call) {
  WatchSuggestionOptions out;
  out.vrps = call.value("vrps");
  std::vector<std::string> prefixes = call.list("prefix"), asns;
  // A list takes every word that follows it, prefixes too.
  const auto sort = [&](const std::vector<std::string>& words, std::vector<std::string>& into) {
    for (const std::string& word : words)
      (net::Prefix::parse_lenient(word) ? prefixes : into).push_back(word);
  };
  sort(call.list("from"), out.files);
  sort(call.list("asn"), asns);
  for (const std::string& word : prefixes) {
    const auto prefix = net::Prefix::parse_lenient(word);
    if (!prefix) return usage_error("prefix '{}': {}", word, prefix.error().message);
    out.prefixes.push_back(*prefix);
  }
  for (const std::string& word : asns) {
    Call one;
    one.add("asn", word);
    const auto asn = one.number("asn");
    if (!asn || *asn == 0 || *asn > 4294967295U) {
      return usage_error("--asn '{}': an AS number from 1 to 4294967295", word);
    }
    out.asns.push_back(static_cast<net::Asn>(*asn));
  }
  if (out.files.empty()) return usage_error("--from: at least one MRT file");
  if (out.prefixes.empty() && out.asns.empty()) return usage_error("give prefixes to watch, or --asn");
  return out;
}

Outcome<void> suggest(Session& session, const Call& call) {
  if (!call.has("from")) {
    if (call.has("prefix") || call.has("asn") || call.has("vrps")) {
      return usage_error("prefixes, --asn and --vrps go with --from");
    }
    return suggest_online(session, call);
  }
  const auto options = offline_options(call);
  if (!options) return tl::unexpected(options.error());
  return suggest_watch_file(*options, session.out(), session.err());
}

// The prefix whose event it is: the one that was named, or found by the event.
Outcome<std::string> prefix_of_event(Session& session, const Call& call, const std::string& event) {
  if (call.has("prefix-name") || call.value("id").find("/prefixes/") != std::string::npos) {
    return resource_of(session, call);
  }
  const bool named = call.has("id") || call.has("resource-group");
  const auto subscription = session.subscription();
  if (!named && !subscription) return tl::unexpected(subscription.error());
  const auto scope = named ? resource_of(session, call) : subscription_path(*subscription);
  if (!scope) return tl::unexpected(scope.error());
  // What is open is little; an alarm that is over may be far back.
  for (const std::string_view state : {"open", "resolved"}) {
    const auto events = session.api().list(extension_path(*scope, "events"),
                                           Query().add("$filter", fmt::format("state eq '{}'", state)));
    if (!events) return tl::unexpected(events.error());
    for (const json::value& each : *events) {
      if (find_string(each, "id") == event) return find_string(each, "prefixResource").value_or("");
    }
  }
  return tl::unexpected(Failure{ExitCode::not_found, fmt::format("there is no event {}", event)});
}

Outcome<void> learn(Session& session, const Call& call) {
  const std::string event = call.value("event");
  const auto prefix = prefix_of_event(session, call, event);
  if (!prefix) return tl::unexpected(prefix.error());
  Query query;
  if (call.has("force")) query.add("force", "true");
  const auto lesson =
      session.api().post(extension_path(*prefix, "events/" + event + "/learn"), json::object(), query);
  if (!lesson) return tl::unexpected(lesson.error());
  const json::array suggestions{lesson->body};
  print_suggestions(session, suggestions, false);
  return call.has("apply") ? apply(session, call, suggestions) : Outcome<void>();
}

}  // namespace

std::vector<Command> suggest_commands() {
  const OptionSpec applied{"--apply", "make it so, after asking", OptionKind::flag};
  std::vector<OptionSpec> suggest_options = resource_options();
  suggest_options.insert(
      suggest_options.end(),
      {applied,
       yes_option(),
       {"--from", "without a server: MRT tables and updates, also compressed", OptionKind::list},
       {"--asn", "with --from: watch what these AS numbers originate", OptionKind::list},
       {"--vrps", "with --from: validated ROA payloads, as a validator exports them in JSON"},
       {"prefix", "with --from: prefixes to watch", OptionKind::list}});
  std::vector<OptionSpec> learn_options{{"event", "id of the event", OptionKind::text, true}};
  for (const OptionSpec& each : resource_options()) learn_options.push_back(each);
  learn_options.insert(
      learn_options.end(),
      {applied,
       yes_option(),
       {"--force", "also what speaks against the event's route is no obstacle", OptionKind::flag}});
  return {
      {"monitoring suggest",
       "Propose what to expect of a prefix, or of a connection's; with --from a watch file for analyze.",
       suggest_options, suggest},
      {"event learn", "Show the smallest change of what is expected under which an event were none.",
       learn_options, learn},
  };
}

}  // namespace peering::cli
