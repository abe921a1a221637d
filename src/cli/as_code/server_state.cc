#include "cli/as_code/server_state.h"

#include <algorithm>

#include "cli/as_code/fields.h"
#include "model/registry.h"

namespace peering::cli::as_code {

namespace {

constexpr int not_there = 404, forbidden = 403;

bool begins_with(const std::vector<std::string>& names, const std::vector<std::string>& start) {
  if (names.size() < start.size()) return false;
  return std::equal(start.begin(), start.end(), names.begin(),
                    [](const auto& a, const auto& b) { return model::lower(a) == model::lower(b); });
}

// What the resources of a kind lie in, or the settings of one are about.
std::optional<Kind> base_of(Kind kind) {
  switch (kind) {
    case Kind::registered_asn:
    case Kind::registered_prefix:
      return Kind::peering;
    case Kind::connection_monitoring:
    case Kind::prefix:
    case Kind::connection_monitor_test:
      return Kind::peering_service;
    case Kind::prefix_monitoring:
      return Kind::prefix;
    default:
      return std::nullopt;
  }
}

using Collection = std::pair<Kind, std::vector<std::string>>;

// What `pruned` covers below the resources that have documents.
void add_covered(const Configuration& wanted, const Manages& pruned, std::set<Collection>& out) {
  std::set<std::string> groups;
  for (const std::string& group : pruned.groups) groups.insert(model::lower(group));
  for (const Kind kind : pruned.kinds) {
    if (!row_of(kind).in_group) out.insert({kind, {}});
    const auto base = base_of(kind);
    if (row_of(kind).in_group && !base) {
      for (const std::string& group : groups) out.insert({kind, {group}});
    }
    for (const auto& [key, document] : wanted.documents) {
      if (!base || document.name.kind != *base) continue;
      std::vector<std::string> names;
      for (const std::string& name : document.name.names) names.push_back(model::lower(name));
      if (groups.contains(names.front())) out.insert({kind, std::move(names)});
    }
  }
}

}  // namespace

Outcome<State> StateReader::read_for(const Configuration& wanted, const std::optional<Manages>& pruned) {
  state_.clear();
  std::set<Collection> collections;
  for (const auto& [key, document] : wanted.documents) {
    if (document.name.kind != Kind::resource_group) {
      collections.insert({document.name.kind, document.name.parent()});
    } else if (auto done = read_single(document.name); !done) {
      return tl::unexpected(done.error());
    }
  }
  if (pruned) add_covered(wanted, *pruned, collections);
  for (const auto& [kind, parent] : collections) {
    auto done = row_of(kind).is_monitoring ? read_single({kind, parent}) : read_collection(kind, parent);
    if (!done) return tl::unexpected(done.error());
  }
  return std::move(state_);
}

Outcome<State> StateReader::read_all(const std::vector<std::string>& groups, std::vector<Kind>& unseen) {
  state_.clear();
  if (groups.empty()) {
    for (const Kind kind : {Kind::alert_channel, Kind::silence, Kind::peer_asn, Kind::resource_group}) {
      const auto done = read_collection(kind, {});
      if (!done && done.error().status == forbidden && kind != Kind::resource_group) {
        unseen.push_back(kind);
      } else if (!done) {
        return tl::unexpected(done.error());
      }
    }
  }
  for (const std::string& group : groups) {
    const ResourceName name{Kind::resource_group, {group}};
    if (auto done = read_single(name); !done) return tl::unexpected(done.error());
    if (!state_.contains(name.key())) {
      return tl::unexpected(
          Failure{ExitCode::not_found, fmt::format("resource group '{}' could not be found", group)});
    }
  }
  for (const Names& group : names_of(Kind::resource_group, {})) {
    if (auto done = read_group(group.front()); !done) return tl::unexpected(done.error());
  }
  return std::move(state_);
}

Outcome<void> StateReader::read_group(const std::string& group) {
  for (const Kind kind : {Kind::peering, Kind::peering_service}) {
    if (auto done = read_collection(kind, {group}); !done) return done;
    for (const Names& each : names_of(kind, {group})) {
      if (auto done = read_children(kind, each); !done) return done;
    }
  }
  return {};
}

Outcome<void> StateReader::read_children(Kind base, const Names& names) {
  for (const KindRow& row : kinds()) {
    if (base_of(row.kind) != base) continue;
    auto done = row.is_monitoring ? read_single({row.kind, names}) : read_collection(row.kind, names);
    if (!done) return done;
    if (row.kind != Kind::prefix) continue;
    for (const Names& prefix : names_of(Kind::prefix, names)) {
      if (done = read_children(Kind::prefix, prefix); !done) return done;
    }
  }
  return {};
}

std::vector<StateReader::Names> StateReader::names_of(Kind kind, const Names& parent) const {
  std::vector<Names> out;
  for (const auto& [key, shown] : state_) {
    if (shown.name.kind == kind && begins_with(shown.name.names, parent)) out.push_back(shown.name.names);
  }
  return out;
}

Outcome<void> StateReader::read_collection(Kind kind, const Names& parent) {
  ResourceName any{kind, parent};
  any.names.emplace_back("any");
  const auto items = api_.list(any.collection(subscription_), Query().add("$top", "1000"));
  if (!items && items.error().status == not_there) return {};
  if (!items) return tl::unexpected(items.error());
  for (const json::value& item : *items) {
    auto name = parse_id(find_string(item, "id").value_or(""), subscription_);
    if (!name || name->kind != kind) return failed("the server's list has a resource with another id");
    json::object content = reduce_shown(*name, item, subscription_);
    std::string key = name->key();
    state_.insert_or_assign(std::move(key), Shown{std::move(*name), std::move(content)});
  }
  return {};
}

Outcome<void> StateReader::read_single(const ResourceName& name) {
  auto content = read_one(name);
  if (!content) return tl::unexpected(content.error());
  if (*content) state_.insert_or_assign(name.key(), Shown{name, std::move(**content)});
  return {};
}

Outcome<std::optional<json::object>> StateReader::read_one(const ResourceName& name) {
  const auto shown = api_.get(name.path(subscription_));
  if (!shown && shown.error().status == not_there) return std::optional<json::object>{};
  if (!shown) return tl::unexpected(shown.error());
  json::object content = reduce_shown(name, *shown, subscription_);
  if (row_of(name.kind).is_monitoring && content.empty()) return std::optional<json::object>{};
  return std::optional<json::object>(std::move(content));
}

}  // namespace peering::cli::as_code
