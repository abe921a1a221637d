// `event list|follow`: what happened to prefixes.
#include <chrono>
#include <thread>

#include "cli/commands.h"
#include "cli/event_stream.h"

namespace peering::cli {

namespace {

const Columns event_columns = {
    {"First seen", "firstSeen", Show::time},
    {"Level", "eventLevel", Show::level},
    {"Kind", "kind"},
    {"State", "state", Show::state},
    {"Prefix", "observedPrefix"},
    {"Origin", "originAsn", Show::number},
    {"Summary", "eventSummary"},
};

// What the options say, as `$filter` with the terms joined by `and`.
std::string filter_of(const Call& call) {
  std::string out;
  const auto add = [&](std::string term) { out += (out.empty() ? "" : " and ") + std::move(term); };
  if (const auto since = call.text("since")) add("firstSeen ge " + *since);
  if (const auto until = call.text("until")) add("firstSeen lt " + *until);
  if (const auto level = call.text("level")) add("level eq " + filter_literal(*level));
  if (const auto kind = call.text("kind")) add("kind eq " + filter_literal(*kind));
  if (const auto type = call.text("type")) add("type eq " + filter_literal(*type));
  if (const auto state = call.text("state")) add("state eq " + filter_literal(*state));
  if (const auto filter = call.text("filter")) add(*filter);
  return out;
}

Query query_of(const Call& call) {
  Query query;
  if (const std::string filter = filter_of(call); !filter.empty()) query.add("$filter", filter);
  return query;
}

Outcome<void> list(Session& session, const Call& call) {
  const auto resource = resource_of(session, call);
  if (!resource) return tl::unexpected(resource.error());
  const auto events =
      session.api().list(extension_path(*resource, "events"), query_of(call), call.number("top").value_or(0));
  if (!events) return tl::unexpected(events.error());
  session.print_list(*events, event_columns);
  return {};
}

// Columns of fixed width: what comes later is not known yet.
std::string follow_line(const json::value& event, bool colored) {
  constexpr std::pair<Column, std::size_t> columns[] = {{{"", "firstSeen", Show::time}, 19},
                                                        {{"", "eventLevel", Show::level}, 11},
                                                        {{"", "kind"}, 16},
                                                        {{"", "state", Show::state}, 8},
                                                        {{"", "eventDescription"}, 0}};
  std::string line;
  for (const auto& [column, width] : columns) {
    const Cell cell = cell_of(event, column);
    if (!line.empty()) line += "  ";
    line += paint(cell, colored);
    if (width > display_width(cell.text)) line.append(width - display_width(cell.text), ' ');
  }
  return line;
}

void print_event(Session& session, const json::value& event) {
  const Settings& settings = session.settings();
  if (settings.format == Format::json) {
    session.out() << json::serialize(event) << std::endl;
    return;
  }
  if (settings.format == Format::yaml) {
    session.out() << "---\n" << format_one(event, event_columns, settings) << std::flush;
    return;
  }
  if (settings.format == Format::tsv) {
    session.out() << format_one(event, event_columns, settings) << std::flush;
    return;
  }
  session.out() << follow_line(event, settings.colored) << std::endl;
}

// One follower: reads the stream until enough was seen, and connects again where it broke.
class Follow {
 public:
  Follow(Session& session, std::string target, std::uint64_t count)
      : session_(session), target_(std::move(target)), count_(count) {}

  Outcome<void> run() {
    for (int failures = 0; !enough();) {
      const std::uint64_t before = seen_;
      const auto ended = connect();
      if (enough()) break;
      // A refusal is final; a broken connection or a busy server is not.
      if (ended && ended->status >= 400 && ended->status != 429 && ended->status != 503) {
        return failure_of(*ended);
      }
      failures = seen_ > before ? 0 : failures + 1;
      if (failures == attempts_max) {
        return ended ? failed("the server ended the stream {} times", failures)
                     : Outcome<void>(tl::unexpected(ended.error()));
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(250) * (1 << std::min(failures, 6)));
    }
    return {};
  }

 private:
  static constexpr int attempts_max = 8;
  static constexpr std::size_t said_bytes_max = 16 * 1024;

  bool enough() const { return count_ != 0 && seen_ >= count_; }

  Outcome<http::Response> connect() {
    http::Headers headers;
    headers.set("Accept", "text/event-stream");
    if (!stream_.last_id().empty()) headers.set("Last-Event-ID", stream_.last_id());
    stream_.reset();
    said_.clear();
    auto ended = session_.api().stream(target_, std::move(headers),
                                       [this](std::string_view chunk) { return take(chunk); });
    if (ended && ended->status >= 400) ended->body = said_;
    return ended;
  }

  bool take(std::string_view chunk) {
    if (said_.size() < said_bytes_max) said_ += chunk.substr(0, said_bytes_max - said_.size());
    for (const StreamMessage& message : stream_.feed(chunk)) {
      if (enough()) return false;
      const auto event = parse_json(message.data);
      if (!event || !event->is_object()) continue;
      print_event(session_, *event);
      ++seen_;
    }
    return !enough();
  }

  Session& session_;
  std::string target_;
  std::uint64_t count_;
  std::uint64_t seen_ = 0;
  EventStream stream_;
  std::string said_;  // the beginning of the answer: the reason when it is a refusal
};

Outcome<void> follow(Session& session, const Call& call) {
  const auto resource = resource_of(session, call);
  if (!resource) return tl::unexpected(resource.error());
  const std::string target = target_of(extension_path(*resource, "events"), query_of(call));
  return Follow(session, target, call.number("count").value_or(0)).run();
}

}  // namespace

std::vector<Command> event_commands() {
  std::vector<OptionSpec> filters = resource_options();
  filters.push_back({"--level", "only this level: Information, Warning, Error, Critical"});
  filters.push_back({"--kind", "only this kind, e.g. origin-hijack"});
  filters.push_back({"--type", "only this type, e.g. PrefixWithdrawalEvent"});
  filters.push_back({.names = "--state", .help = "only this state", .choices = {"open", "resolved"}});
  filters.push_back({"--filter", "more terms, as in $filter: \"lastSeen ge 2026-11-23T10:00:00Z\""});
  std::vector<OptionSpec> list_options = filters, follow_options = filters;
  list_options.push_back({"--since", "first seen at this time or later (RFC 3339)"});
  list_options.push_back({"--until", "first seen before this time"});
  list_options.push_back({"--top", "at most so many", OptionKind::number});
  follow_options.push_back({"--count", "end after so many events", OptionKind::number});
  return {
      {"event list", "List events of a connection or prefix, newest first.", list_options, list},
      {"event follow", "Print events of a connection or prefix as they happen, until interrupted.",
       follow_options, follow},
  };
}

}  // namespace peering::cli
