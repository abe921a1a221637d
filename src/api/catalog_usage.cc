#include "api/catalog_usage.h"

#include <algorithm>
#include <functional>
#include <set>

#include "api/arm/names.h"
#include "api/documents.h"
#include "model/registry.h"

namespace peering::api {

namespace {

constexpr std::size_t page_size = 1000;

std::string member_text(const json::object& properties, std::string_view key) {
  return find_string(json::value(properties), key).value_or("");
}

using Counts = std::function<bool(const json::value& properties)>;

arm::Expected<std::size_t> count_resources(const Call& call, std::string_view type, const Counts& counts) {
  std::size_t out = 0;
  store::ListQuery query{std::string(type), "", "", page_size};
  while (true) {
    const auto page = call.services.resources.list(query);
    if (!page) return arm::failed(page.error());
    for (const store::Resource& stored : *page) {
      const auto document = parse_json(stored.document);
      const json::value* properties = document ? find(*document, "properties") : nullptr;
      if (properties && counts(*properties)) ++out;
    }
    if (page->size() < page_size) return out;
    query.after = page->back().key;
  }
}

bool says(const json::value& properties, std::string_view key, std::string_view name) {
  return arm::same_name(find_string(properties, key).value_or(""), name);
}

// What would miss the entry, in words: "2 states", "1 connection".
struct Users {
  std::vector<std::string> words;

  void add(std::size_t count, std::string_view one, std::string_view many) {
    if (count > 0) words.push_back(fmt::format("{} {}", count, count == 1 ? one : many));
  }
  arm::Expected<void> add_connections(const Call& call, const Counts& counts) {
    const auto count = count_resources(call, peering_service_type, counts);
    if (!count) return tl::unexpected(count.error());
    add(*count, "connection", "connections");
    return {};
  }
  arm::Expected<void> add_peerings(const Call& call, const Counts& counts) {
    const auto count = count_resources(call, peering_type, counts);
    if (!count) return tl::unexpected(count.error());
    add(*count, "peering", "peerings");
    return {};
  }
};

std::size_t count_entries(const CatalogEntries& entries, CatalogKind kind, std::string_view key,
                          std::string_view name) {
  const auto list = entries.of_kind(kind);
  return static_cast<std::size_t>(std::ranges::count_if(list, [&](const CatalogEntry* entry) {
    return arm::same_name(member_text(entry->properties, key), name);
  }));
}

std::set<std::string> metros_of(const CatalogEntry& provider) {
  std::set<std::string> out;
  const json::value* metros = provider.properties.if_contains("metros");
  for (std::size_t i = 0; metros && metros->is_array() && i < metros->get_array().size(); ++i) {
    const json::value& metro = metros->get_array()[i];
    if (metro.is_string()) out.insert(model::lower(std::string_view(metro.get_string())));
  }
  return out;
}

arm::Expected<void> users_of_state(const Call& call, const CatalogEntry& state, const CatalogEntries& entries,
                                   Users& out) {
  const std::string name = title_of(state);
  // Connections do not tell in which country: another state of the name will do.
  if (count_entries(entries, CatalogKind::states, "name", name) > 1) return {};
  return out.add_connections(
      call, [&](const json::value& properties) { return says(properties, "peeringServiceLocation", name); });
}

arm::Expected<void> users_of_metro(const Call& call, const CatalogEntry& metro, const CatalogEntries& entries,
                                   Users& out) {
  const std::string name = title_of(metro);
  out.add(count_entries(entries, CatalogKind::facilities, "metro", name), "facility", "facilities");
  out.add(count_entries(entries, CatalogKind::exchanges, "metro", name), "exchange", "exchanges");
  const auto providers = entries.of_kind(CatalogKind::providers);
  const auto at_metro = std::ranges::count_if(
      providers, [&](const CatalogEntry* each) { return metros_of(*each).contains(model::lower(name)); });
  out.add(static_cast<std::size_t>(at_metro), "provider", "providers");
  auto ok = out.add_connections(call, [&](const json::value& properties) {
    return says(properties, "providerPrimaryPeeringLocation", name) ||
           says(properties, "providerBackupPeeringLocation", name);
  });
  if (!ok) return ok;
  return out.add_peerings(
      call, [&](const json::value& properties) { return says(properties, "peeringLocation", name); });
}

std::int64_t facility_id(const json::object& properties) {
  const json::value* id = properties.if_contains("peeringDBFacilityId");
  return id && id->is_int64() ? id->get_int64() : 0;
}

bool connects_at(const json::value& properties, std::string_view block, std::int64_t id) {
  const json::value* connections = find(properties, block, "connections");
  if (!connections || !connections->is_array()) return false;
  return std::ranges::any_of(connections->get_array(), [&](const json::value& each) {
    const json::value* used = find(each, "peeringDBFacilityId");
    return used && used->is_int64() && used->get_int64() == id;
  });
}

arm::Expected<void> users_of_place(const Call& call, const CatalogEntry& place, const CatalogEntries& entries,
                                   Users& out) {
  const std::int64_t id = facility_id(place.properties);
  if (id == 0) return {};
  const std::string metro = member_text(place.properties, "metro");
  const auto others = entries.of_kind(place.kind);
  const bool another = std::ranges::any_of(others, [&](const CatalogEntry* each) {
    return !arm::same_name(each->name, place.name) && facility_id(each->properties) == id &&
           arm::same_name(member_text(each->properties, "metro"), metro);
  });
  if (another) return {};
  const std::string_view block = place.kind == CatalogKind::facilities ? "direct" : "exchange";
  return out.add_peerings(call, [&](const json::value& properties) {
    return says(properties, "peeringLocation", metro) && connects_at(properties, block, id);
  });
}

arm::Expected<void> users_of(const Call& call, const CatalogEntry& entry, const CatalogEntries& entries,
                             Users& out) {
  const std::string name = title_of(entry);
  switch (entry.kind) {
    case CatalogKind::countries:
      out.add(count_entries(entries, CatalogKind::states, "country", name), "state", "states");
      return {};
    case CatalogKind::states:
      return users_of_state(call, entry, entries, out);
    case CatalogKind::metros:
      return users_of_metro(call, entry, entries, out);
    case CatalogKind::facilities:
    case CatalogKind::exchanges:
      return users_of_place(call, entry, entries, out);
    case CatalogKind::providers:
      return out.add_connections(call, [&](const json::value& properties) {
        return says(properties, "peeringServiceProvider", name);
      });
    case CatalogKind::bandwidth_offers:
      return {};
  }
  return {};
}

// Whether everything that knows `before` finds it in `after`.
bool stands_in(const CatalogEntry& before, const CatalogEntry& after) {
  const bool place = before.kind == CatalogKind::facilities || before.kind == CatalogKind::exchanges;
  if (place) {
    return facility_id(before.properties) == facility_id(after.properties) &&
           arm::same_name(member_text(before.properties, "metro"), member_text(after.properties, "metro"));
  }
  return arm::same_name(title_of(before), title_of(after));
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    out += (i == 0 ? "" : i + 1 == words.size() ? " and " : ", ") + words[i];
  }
  return out;
}

// A provider that leaves a metro leaves those behind that chose it there.
arm::Expected<void> users_of_metros_left(const Call& call, const CatalogEntry& before,
                                         const CatalogEntry& after, Users& out) {
  std::set<std::string> left = metros_of(before);
  for (const std::string& metro : metros_of(after)) left.erase(metro);
  if (left.empty()) return {};
  return out.add_connections(call, [&](const json::value& properties) {
    if (!says(properties, "peeringServiceProvider", title_of(before))) return false;
    return std::ranges::any_of(left, [&](const std::string& metro) {
      return says(properties, "providerPrimaryPeeringLocation", metro) ||
             says(properties, "providerBackupPeeringLocation", metro);
    });
  });
}

}  // namespace

arm::Expected<void> check_unused(const Call& call, const CatalogEntry& before,
                                 const std::optional<CatalogEntry>& after, const CatalogEntries& entries) {
  Users users;
  const bool stays = after && stands_in(before, *after);
  if (!stays) {
    if (auto ok = users_of(call, before, entries, users); !ok) return ok;
  } else if (before.kind == CatalogKind::providers) {
    if (auto ok = users_of_metros_left(call, before, *after, users); !ok) return ok;
  }
  if (users.words.empty()) return {};
  const std::string_view what = !after  ? "be deleted"
                                : stays ? "leave these metros"
                                        : "be moved or called otherwise";
  return arm::refuse(409, "Conflict",
                     fmt::format("'{}' of the catalogue's {} cannot {}: in use by {}.", title_of(before),
                                 to_string(before.kind), what, joined(users.words)));
}

}  // namespace peering::api
