#include "cli/as_code/plan.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "cli/as_code/text_diff.h"
#include "model/registry.h"

namespace peering::cli::as_code {

namespace {

std::string folder_of(const std::string& origin) {
  return origin.empty() || origin == "-" ? "" : std::filesystem::path(origin).parent_path().string();
}

bool is_managed(const Manages& manages, const ResourceName& name) {
  if (!manages.kinds.contains(name.kind)) return false;
  return !row_of(name.kind).in_group || std::ranges::any_of(manages.groups, [&](const std::string& group) {
    return model::lower(group) == model::lower(name.names.front());
  });
}

// What goes with one of `gone` needs no request of its own.
bool goes_with(const std::set<std::string>& gone, const std::string& key) {
  for (std::size_t slash = key.rfind('/'); slash != std::string::npos && slash > 0;
       slash = key.rfind('/', slash - 1)) {
    if (gone.contains(key.substr(0, slash))) return true;
  }
  return false;
}

bool has_documents_below(const Configuration& wanted, const std::string& key) {
  const auto next = wanted.documents.lower_bound(key + "/");
  return next != wanted.documents.end() && next->first.starts_with(key + "/");
}

std::vector<Change> removals(const Configuration& wanted, const State& state, const Manages& manages) {
  std::set<std::string> gone;
  std::vector<Change> out;
  for (const auto& [key, shown] : state) {
    const bool wanted_itself = wanted.documents.contains(key);
    if (wanted_itself || has_documents_below(wanted, key) || !is_managed(manages, shown.name)) continue;
    gone.insert(key);
  }
  for (const std::string& key : gone) {
    const Shown& shown = state.at(key);
    if (!goes_with(gone, key)) {
      out.push_back({Action::remove, shown.name, shown.content, shown.content, {}, {}});
      refer_to_secrets(shown.name, out.back().before);
    }
  }
  std::ranges::stable_sort(out, std::greater<>(), [](const Change& each) { return each.name.kind; });
  return out;
}

Outcome<void> check_unchanged(StateReader& reader, const Change& change) {
  const auto now = reader.read_one(change.name);
  if (!now) return tl::unexpected(now.error());
  const bool was_there = change.action != Action::create;
  if (now->has_value() == was_there && (!was_there || **now == change.seen)) return {};
  return tl::unexpected(
      Failure{ExitCode::conflict, "somebody else changed it since it was read; look again and apply again"});
}

Outcome<void> make(const Change& change, ApiClient& api, const std::string& subscription,
                   const SecretReader& secrets) {
  StateReader reader(api, subscription);
  if (auto same = check_unchanged(reader, change); !same) return same;
  const std::string path = change.name.path(subscription);
  if (change.action == Action::remove && !row_of(change.name.kind).is_monitoring) {
    const auto removed = api.remove(path);
    return removed ? Outcome<void>() : tl::unexpected(removed.error());
  }
  const bool had_secret = find(json::value(change.before), "properties", "secret") != nullptr;
  const auto body =
      body_of(change.name, change.after, subscription, secrets, folder_of(change.origin), had_secret);
  if (!body) return tl::unexpected(body.error());
  const auto written = api.put(path, *body);
  return written ? Outcome<void>() : tl::unexpected(written.error());
}

}  // namespace

std::string_view to_string(Action action) {
  switch (action) {
    case Action::create:
      return "create";
    case Action::change:
      return "change";
    case Action::remove:
      return "delete";
  }
  return "";
}

Outcome<std::vector<Change>> plan(const Configuration& wanted, const State& state,
                                  const SecretReader& secrets, const PlanOptions& options) {
  std::vector<Change> out;
  if (options.pruned) out = removals(wanted, state, *options.pruned);
  std::vector<Change> writes;
  for (const auto& [key, document] : wanted.documents) {
    Change change{Action::create, document.name, {}, {}, document.content, document.origin};
    if (const auto shown = state.find(key); shown != state.end()) {
      change.action = Action::change;
      change.name = shown->second.name;
      change.seen = change.before = shown->second.content;
      auto settled = settle(change.name, change.after, change.before, secrets, folder_of(document.origin),
                            options.resend_secrets);
      if (!settled) {
        return usage_error("{}: {}: {}", document.origin, document.name.id(), settled.error().message);
      }
      if (change.after == change.before) continue;
    }
    const bool says_nothing = row_of(change.name.kind).is_monitoring && change.after.empty();
    if (change.action == Action::create && says_nothing) continue;
    writes.push_back(std::move(change));
  }
  std::ranges::stable_sort(writes, {}, [](const Change& each) { return each.name.kind; });
  std::ranges::move(writes, std::back_inserter(out));
  return out;
}

std::string describe(const Change& change) {
  const auto text = [&](const json::object& content, bool there) {
    return there ? pretty(written_form(change.name, content)) + "\n" : std::string();
  };
  const bool before = change.action != Action::create, after = change.action != Action::remove;
  return fmt::format("{} {}\n--- {}\n+++ {}\n{}", to_string(change.action), change.name.id(),
                     before ? "server" : "/dev/null", after ? change.origin : "/dev/null",
                     unified_diff(text(change.before, before), text(change.after, after)));
}

Outcome<void> execute(const std::vector<Change>& changes, ApiClient& api, const std::string& subscription,
                      const SecretReader& secrets, const std::function<void(const Change&)>& on_done) {
  for (const Change& change : changes) {
    if (auto done = make(change, api, subscription, secrets); !done) {
      Failure failure = done.error();
      const std::string where = change.origin.empty() ? "" : fmt::format(" ({})", change.origin);
      failure.message =
          fmt::format("{} {}{}: {}", to_string(change.action), change.name.id(), where, failure.message);
      return tl::unexpected(std::move(failure));
    }
    on_done(change);
  }
  return {};
}

}  // namespace peering::cli::as_code
