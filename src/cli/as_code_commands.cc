// `export` and `apply`: a subscription as documents, and documents as a subscription.
#include <iostream>

#include <unistd.h>

#include "cli/as_code/plan.h"
#include "cli/commands.h"

namespace peering::cli {

namespace {

namespace code = as_code;

const Columns change_columns = {{"Action", "action"}, {"Resource", "id"}};

code::Configuration configuration_of(code::State state, const std::vector<std::string>& groups,
                                     const std::vector<code::Kind>& unseen) {
  code::Configuration out;
  code::Manages manages;
  for (const code::KindRow& row : code::kinds()) {
    const bool asked = row.in_group || groups.empty();
    const bool seen = std::find(unseen.begin(), unseen.end(), row.kind) == unseen.end();
    if (asked && seen && row.kind != code::Kind::resource_group) manages.kinds.insert(row.kind);
  }
  for (auto& [key, shown] : state) {
    if (shown.name.kind == code::Kind::resource_group) manages.groups.push_back(shown.name.names.front());
    code::refer_to_secrets(shown.name, shown.content);
    out.documents.emplace(key, code::Document{std::move(shown.name), std::move(shown.content), ""});
  }
  out.manages = std::move(manages);
  return out;
}

Outcome<void> export_all(Session& session, const Call& call) {
  const auto subscription = session.subscription();
  if (!subscription) return tl::unexpected(subscription.error());
  const std::vector<std::string> groups = call.list("resource-group");
  std::vector<code::Kind> unseen;
  auto state = code::StateReader(session.api(), *subscription).read_all(groups, unseen);
  if (!state) return tl::unexpected(state.error());
  for (const code::Kind kind : unseen) {
    session.note(fmt::format("left out, as this token may not read them: {}", code::row_of(kind).name));
  }
  code::Configuration all = configuration_of(std::move(*state), groups, unseen);
  const std::string folder = call.value("out");
  if (folder != "-") {
    const auto done = code::write_folder(folder, std::move(all), *subscription);
    if (!done) return tl::unexpected(done.error());
    session.note(fmt::format("{}: {} files written, {} removed, {} as they were", folder, done->written,
                             done->removed, done->unchanged));
    return {};
  }
  json::array resources;
  for (const auto& [key, document] : all.documents) {
    resources.push_back(code::written_form(document.name, document.content));
  }
  const json::object bundle{{"manages", code::written_form(*all.manages)},
                            {"resources", std::move(resources)}};
  session.out() << pretty(bundle) << "\n";
  return {};
}

json::object shown_change(const code::Change& change) {
  json::object out{{"action", code::to_string(change.action)}, {"id", change.name.id()}};
  if (change.action != code::Action::create) out["before"] = change.before;
  if (change.action != code::Action::remove) out["after"] = change.after;
  return out;
}

Outcome<void> show_plan(Session& session, const std::vector<code::Change>& changes) {
  const bool as_json = session.settings().format_given && session.settings().format == Format::json;
  if (as_json) {
    json::array items;
    for (const code::Change& change : changes) items.push_back(shown_change(change));
    session.out() << pretty(json::value(std::move(items))) << "\n";
  }
  std::size_t counts[3] = {};
  for (const code::Change& change : changes) {
    if (!as_json) session.out() << code::describe(change);
    ++counts[static_cast<std::size_t>(change.action)];
  }
  session.note(fmt::format("{} to create, {} to change, {} to delete", counts[0], counts[1], counts[2]));
  if (changes.empty()) return {};
  return tl::unexpected(Failure{ExitCode::differs, ""});
}

std::size_t removals_in(const std::vector<code::Change>& changes) {
  return static_cast<std::size_t>(std::count_if(changes.begin(), changes.end(), [](const code::Change& each) {
    return each.action == code::Action::remove;
  }));
}

Outcome<void> confirm_removals(Session& session, const Call& call, const std::vector<code::Change>& changes) {
  const std::size_t count = removals_in(changes);
  if (count == 0) return {};
  for (const code::Change& change : changes) {
    if (change.action == code::Action::remove) session.note("to be deleted: " + change.name.id());
  }
  return confirm(session, call, fmt::format("{} resources, with what lies in them", count));
}

Outcome<void> run_plan(Session& session, const std::vector<code::Change>& changes,
                       const std::string& subscription, const code::SecretReader& secrets) {
  if (changes.empty()) {
    session.note("nothing to do");
    return {};
  }
  json::array applied;
  const auto done =
      code::execute(changes, session.api(), subscription, secrets, [&](const code::Change& change) {
        applied.push_back(json::object{{"action", code::to_string(change.action)}, {"id", change.name.id()}});
      });
  session.print_list(applied, change_columns);
  if (done) return {};
  Failure failure = done.error();
  failure.message +=
      fmt::format("; {} of {} changes were made before it, and stay", applied.size(), changes.size());
  return tl::unexpected(std::move(failure));
}

Outcome<void> apply(Session& session, const Call& call) {
  const auto subscription = session.subscription();
  if (!subscription) return tl::unexpected(subscription.error());
  const bool dry = call.has("dry-run"), prune = call.has("prune");
  if (prune && !dry && !call.has("yes") && isatty(STDIN_FILENO) != 1) {
    return usage_error("--prune deletes: without a terminal to ask on, give --yes");
  }
  const auto wanted = code::read_configuration(call.value("file"), *subscription);
  if (!wanted) return tl::unexpected(wanted.error());
  code::PlanOptions options;
  options.resend_secrets = call.has("resend-secrets");
  if (prune) options.pruned = wanted->manages.value_or(code::managed_by_documents(*wanted));
  if (wanted->documents.empty() && !wanted->manages) {
    return usage_error("{}: no documents", call.value("file"));
  }
  const auto state = code::StateReader(session.api(), *subscription).read_for(*wanted, options.pruned);
  if (!state) return tl::unexpected(state.error());
  const code::OwnSecrets secrets;
  const auto changes = code::plan(*wanted, *state, secrets, options);
  if (!changes) return tl::unexpected(changes.error());
  if (dry) return show_plan(session, *changes);
  if (auto sure = confirm_removals(session, call, *changes); !sure) return sure;
  return run_plan(session, *changes, *subscription, secrets);
}

}  // namespace

std::vector<Command> as_code_commands() {
  return {
      {"export",
       "Write a subscription's configuration as documents (docs/as-code.md).",
       {{.names = "--out,-o", .help = "folder, or - for one document on stdout", .fallback = "-"},
        {"--resource-group,-g", "only what is in these resource groups", OptionKind::list}},
       export_all},
      {"apply",
       "Make a subscription as documents say, sending only what differs.",
       {{"--file,-f", "folder, file, or - for stdin", OptionKind::text, true},
        {"--dry-run", "show the differences and change nothing; exit code 6 when there are any",
         OptionKind::flag},
        {"--prune", "also delete what the documents manage but do not have", OptionKind::flag},
        {"--resend-secrets", "also send secrets that the server does not show", OptionKind::flag},
        yes_option()},
       apply},
  };
}

}  // namespace peering::cli
