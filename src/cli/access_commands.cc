// `token …`, `subscription …`, `group …`: who may do what, and where.
#include "base/digest.h"
#include "cli/commands.h"
#include "http/query.h"

namespace peering::cli {

namespace {

constexpr std::string_view tokens_path = "/providers/Open.Peering/tokens";

const Columns token_columns = {
    {"Id", "id"},
    {"Name", "name"},
    {"Role", "role"},
    {"Scope", "scope"},
    {"Created", "created", Show::time},
    {"Expires", "expires", Show::time},
};
const Columns subscription_columns = {
    {"Subscription", "subscriptionId"}, {"Name", "displayName"}, {"State", "state", Show::state}};
const Columns group_columns = {{"Name", "name"}, {"Location", "location"}, {"Tags", "tags"}};

Outcome<void> create_token(Session& session, const Call& call) {
  json::object body{{"scope", call.value("scope")}};
  add_text(body, "role", call, "role");
  add_text(body, "name", call, "name");
  add_text(body, "expires", call, "expires");
  const auto made = session.api().post(tokens_path, body);
  if (!made) return tl::unexpected(made.error());
  const auto token = find_string(made->body, "token");
  if (!token) return failed("the server's answer has no token");
  // The bare token unless another form was asked for, so that TOKEN=$(…) works.
  const Settings& settings = session.settings();
  if (settings.format_given && settings.format != Format::table) {
    session.print_one(made->body, {{"Id", "id"}, {"Token", "token"}, {"Role", "role"}, {"Scope", "scope"}});
  } else {
    session.out() << *token << "\n";
  }
  return {};
}

Outcome<void> list_tokens(Session& session, const Call&) {
  const auto tokens = session.api().list(tokens_path);
  if (!tokens) return tl::unexpected(tokens.error());
  session.print_list(*tokens, token_columns);
  return {};
}

Outcome<void> delete_token(Session& session, const Call& call) {
  return remove(session, std::string(tokens_path) + "/" + http::percent_encode(call.value("id")));
}

Outcome<void> create_subscription(Session& session, const Call& call) {
  std::string id = session.settings().subscription;
  if (id.empty()) id = random_uuid();
  json::object body;
  add_text(body, "displayName", call, "name");
  return show_written(session, session.api().put(subscription_path(id), body), subscription_columns);
}

Outcome<void> list_subscriptions(Session& session, const Call&) {
  const auto subscriptions = session.api().list("/subscriptions");
  if (!subscriptions) return tl::unexpected(subscriptions.error());
  session.print_list(*subscriptions, subscription_columns);
  return {};
}

Outcome<void> create_group(Session& session, const Call& call) {
  const auto subscription = session.subscription();
  if (!subscription) return tl::unexpected(subscription.error());
  json::object body{{"location", call.value("location")}};
  if (call.has("tags")) body["tags"] = pairs_of(call.list("tags"));
  return show_written(session, session.api().put(group_path(*subscription, call.value("name")), body),
                      group_columns);
}

Outcome<void> list_groups(Session& session, const Call&) {
  const auto subscription = session.subscription();
  if (!subscription) return tl::unexpected(subscription.error());
  const auto groups = session.api().list(subscription_path(*subscription) + "/resourceGroups");
  if (!groups) return tl::unexpected(groups.error());
  session.print_list(*groups, group_columns);
  return {};
}

Outcome<void> export_group(Session& session, const Call& call) {
  const auto subscription = session.subscription();
  if (!subscription) return tl::unexpected(subscription.error());
  const json::object everything{{"resources", json::array{"*"}}};
  const auto answer =
      session.api().post(group_path(*subscription, call.value("name")) + "/exportTemplate", everything);
  if (!answer) return tl::unexpected(answer.error());
  const json::value* text = find(answer->body, "template");
  if (!text) return failed("the server's answer has no template");
  session.out() << pretty(*text) << "\n";
  return {};
}

Outcome<void> delete_group(Session& session, const Call& call) {
  const auto subscription = session.subscription();
  if (!subscription) return tl::unexpected(subscription.error());
  if (auto sure = confirm(session, call, "resource group " + call.value("name") + " and all that is in it");
      !sure) {
    return sure;
  }
  return remove(session, group_path(*subscription, call.value("name")));
}

}  // namespace

std::vector<Command> token_commands() {
  return {
      {"token create",
       "Make a token and print it; it is shown this once.",
       {{.names = "--role",
         .help = "what it may do",
         .choices = {"Reader", "Contributor", "Owner", "Partner", "Operator"}},
        {"--scope", "where: /, telemetry, or the id of a subscription, group or resource", OptionKind::text,
         true},
        {"--name,-n", "a name to know it by"},
        {"--expires", "when it ends: 30d, 12h, 90m, or a time"}},
       create_token},
      {"token list", "List tokens, without their secrets.", {}, list_tokens},
      {"token delete", "Take a token back.", {{"--id", "its id", OptionKind::text, true}}, delete_token},
  };
}

std::vector<Command> subscription_commands() {
  const OptionSpec name{"--name,-n,--resource-group,-g", "name of the resource group", OptionKind::text,
                        true};
  return {
      {"subscription create",
       "Create a subscription; its id is --subscription, or a new one.",
       {{"--name,-n", "a name for people"}},
       create_subscription},
      {"subscription list", "List the subscriptions that you may see.", {}, list_subscriptions},
      {"group create",
       "Create or replace a resource group.",
       {name,
        {"--location,-l", "Azure region, e.g. westeurope", OptionKind::text, true},
        {"--tags", "tags as name=value", OptionKind::list}},
       create_group},
      {"group list", "List the resource groups of the subscription.", {}, list_groups},
      {"group export", "Print a resource group as an ARM template.", {name}, export_group},
      {"group delete", "Delete a resource group and all that is in it.", {name, yes_option()}, delete_group},
  };
}

}  // namespace peering::cli
