// `alert list|enable|disable` and `alert channel …`.
#include "cli/commands.h"
#include "cli/read_file.h"
#include "http/query.h"

namespace peering::cli {

namespace {

const Columns alert_columns = {
    {"Opened", "openedAt", Show::time},
    {"Resolved", "resolvedAt", Show::time},
    {"Level", "level", Show::level},
    {"Kind", "kind"},
    {"State", "state", Show::state},
    {"Seconds", "durationSeconds", Show::number},
    {"Summary", "summary"},
};
const Columns channel_columns = {
    {"Name", "name"},
    {"Type", "properties.type"},
    {"Address", "properties.url"},
    {"Secret set", "properties.secretSet"},
};
const Columns opt_in_columns = {
    {"Alerts", "properties.alerts.enabled"},
    {"Channels", "properties.alerts.channels"},
    {"Minimum level", "properties.alerts.minimumLevel"},
    {"Kinds", "properties.alerts.kinds"},
};

Outcome<std::string> channels_path(const Session& session) {
  const auto subscription = session.subscription();
  if (!subscription) return tl::unexpected(subscription.error());
  return extension_path(subscription_path(*subscription), "alertChannels");
}

Outcome<std::string> channel_path(const Session& session, const Call& call) {
  const auto all = channels_path(session);
  if (!all) return tl::unexpected(all.error());
  return *all + "/" + http::percent_encode(call.value("name"));
}

Outcome<void> list(Session& session, const Call& call) {
  const bool one = call.has("id") || call.has("peering-service-name");
  Outcome<std::string> scope = one ? resource_of(session, call) : session.subscription();
  if (!scope) return tl::unexpected(scope.error());
  if (!one) scope = subscription_path(*scope);
  const auto alerts =
      session.api().list(extension_path(*scope, "alerts"), {}, call.number("top").value_or(0));
  if (!alerts) return tl::unexpected(alerts.error());
  session.print_list(*alerts, alert_columns);
  return {};
}

Outcome<void> set_opt_in(Session& session, const Call& call, json::object alerts) {
  const auto subscription = session.subscription();
  if (!subscription) return tl::unexpected(subscription.error());
  const std::string service = service_path(*subscription, call.value("resource-group"), call.value("name"));
  const json::object body{{"properties", json::object{{"alerts", std::move(alerts)}}}};
  return show_written(session, session.api().patch(extension_path(service, "monitoring/default"), body),
                      opt_in_columns);
}

json::array texts(const std::vector<std::string>& words) {
  json::array out;
  for (const std::string& word : words) out.emplace_back(word);
  return out;
}

Outcome<void> enable(Session& session, const Call& call) {
  json::object alerts{{"enabled", true}};
  if (call.has("channel")) alerts["channels"] = texts(call.list("channel"));
  if (call.has("kind")) alerts["kinds"] = texts(call.list("kind"));
  add_text(alerts, "minimumLevel", call, "minimum-level");
  return set_opt_in(session, call, std::move(alerts));
}

Outcome<void> disable(Session& session, const Call& call) {
  return set_opt_in(session, call, json::object{{"enabled", false}});
}

Outcome<void> create_channel(Session& session, const Call& call) {
  const auto path = channel_path(session, call);
  if (!path) return tl::unexpected(path.error());
  json::object properties{{"type", call.value("type")}};
  add_text(properties, "url", call, "url");
  add_text(properties, "secret", call, "secret");
  if (const auto file = call.text("secret-file")) {
    auto secret = read_file(*file, 4096);
    if (!secret) return tl::unexpected(secret.error());
    while (!secret->empty() && (secret->back() == '\n' || secret->back() == '\r')) secret->pop_back();
    properties["secret"] = *secret;
  }
  return show_written(session, session.api().put(*path, json::object{{"properties", std::move(properties)}}),
                      channel_columns);
}

Outcome<void> list_channels(Session& session, const Call&) {
  const auto path = channels_path(session);
  if (!path) return tl::unexpected(path.error());
  const auto channels = session.api().list(*path);
  if (!channels) return tl::unexpected(channels.error());
  session.print_list(*channels, channel_columns);
  return {};
}

Outcome<void> show_channel(Session& session, const Call& call) {
  const auto path = channel_path(session, call);
  if (!path) return tl::unexpected(path.error());
  const auto channel = session.api().get(*path);
  if (!channel) return tl::unexpected(channel.error());
  session.print_one(*channel, channel_columns);
  return {};
}

Outcome<void> delete_channel(Session& session, const Call& call) {
  const auto path = channel_path(session, call);
  if (!path) return tl::unexpected(path.error());
  if (auto sure = confirm(session, call, "alert channel " + call.value("name")); !sure) return sure;
  return remove(session, *path);
}

Outcome<void> test_channel(Session& session, const Call& call) {
  const auto path = channel_path(session, call);
  if (!path) return tl::unexpected(path.error());
  const auto answer = session.api().post(*path + "/test", nullptr);
  if (!answer) return tl::unexpected(answer.error());
  if (!answer->body.is_null()) session.print_one(answer->body, {{"State", "status"}, {"Id", "id"}});
  return {};
}

std::vector<Command> channel_commands() {
  const OptionSpec name{"--name,-n", "name of the channel", OptionKind::text, true};
  return {
      {"alert channel create",
       "Create or replace a place that alerts go to.",
       {name,
        {.names = "--type", .help = "kind of the channel", .fallback = "webhook", .choices = {"webhook"}},
        {"--url", "address that alerts are sent to", OptionKind::text, true},
        {"--secret", "secret that signs what is sent; better --secret-file"},
        {"--secret-file", "file with the secret"}},
       create_channel},
      {"alert channel show", "Show a channel.", {name}, show_channel},
      {"alert channel list", "List the channels of the subscription.", {}, list_channels},
      {"alert channel delete", "Delete a channel.", {name, yes_option()}, delete_channel},
      {"alert channel test", "Send a sample alert to a channel.", {name}, test_channel},
  };
}

}  // namespace

std::vector<Command> alert_commands() {
  const OptionSpec group = group_option(), name = service_option(true);
  std::vector<OptionSpec> list_options = resource_options();
  list_options.push_back({"--top", "at most so many", OptionKind::number});
  std::vector<Command> out = {
      {"alert list", "List alerts of the subscription, or of one connection or prefix.", list_options, list},
      {"alert enable",
       "Send alerts of a connection to channels.",
       {group,
        name,
        {"--channel", "names of the channels", OptionKind::list},
        {.names = "--minimum-level",
         .help = "from this level on",
         .choices = {"Information", "Warning", "Error", "Critical"}},
        {"--kind", "only these kinds, e.g. origin-hijack", OptionKind::list}},
       enable},
      {"alert disable", "Send no alerts of a connection.", {group, name}, disable},
  };
  for (Command& command : channel_commands()) out.push_back(std::move(command));
  return out;
}

}  // namespace peering::cli
