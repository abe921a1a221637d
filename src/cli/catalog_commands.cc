// `catalog list|show|set|delete|export|check|import`: the operator's catalogue.
#include "api/arm/body.h"
#include "cli/catalog_client.h"
#include "cli/catalog_import.h"
#include "cli/commands.h"

namespace peering::cli {

namespace {

using api::CatalogKind;

Columns columns_of(CatalogKind kind) {
  Columns out = {{"Name", "name"}};
  const auto add = [&](std::string_view title, std::string_view path) { out.push_back({title, path}); };
  if (kind == CatalogKind::facilities) add("Address", "properties.address");
  if (kind == CatalogKind::exchanges) add("Exchange", "properties.exchangeName");
  if (kind == CatalogKind::bandwidth_offers) add("Offer", "properties.offerName");
  const bool place = kind == CatalogKind::facilities || kind == CatalogKind::exchanges;
  if (place || kind == CatalogKind::bandwidth_offers) {
    if (place) add("Metro", "properties.metro");
    if (place) add("PeeringDB", "properties.peeringDBFacilityId");
    if (!place) add("Mbps", "properties.valueInMbps");
  } else {
    add("Called", "properties.name");
  }
  if (kind == CatalogKind::states || kind == CatalogKind::metros) {
    add("Country", "properties.country");
    add("Region", "properties.region");
  }
  if (kind == CatalogKind::providers) {
    add("Metros", "properties.metros");
    add("AS", "properties.asns");
  }
  add("Origin", "properties.origin");
  return out;
}

Outcome<void> list(Session& session, const Call& call) {
  const auto kind = catalog_kind_of(call);
  if (!kind) return tl::unexpected(kind.error());
  const auto items = session.api().list(catalog_path(*kind));
  if (!items) return tl::unexpected(items.error());
  session.print_list(*items, columns_of(*kind));
  return {};
}

tl::unexpected<Failure> no_such(CatalogKind kind, std::string_view name) {
  return tl::unexpected(
      Failure{ExitCode::not_found, fmt::format("there is no '{}' among the {}", name, to_string(kind))});
}

Outcome<void> show(Session& session, const Call& call) {
  const auto kind = catalog_kind_of(call);
  if (!kind) return tl::unexpected(kind.error());
  const auto entry = find_entry(session, *kind, call.value("name"));
  if (!entry) return tl::unexpected(entry.error());
  if (!*entry) return no_such(*kind, call.value("name"));
  session.print_one(**entry, columns_of(*kind));
  return {};
}

// "latitude=52.3": what is JSON is taken as such, everything else as a text, nothing removes the member.
Outcome<json::object> members_of(const std::vector<std::string>& words) {
  json::object out;
  for (const std::string& word : words) {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos || equals == 0) {
      return usage_error("'{}': a member and its value, as in country=JP", word);
    }
    const std::string text = word.substr(equals + 1);
    const auto value = parse_json(text);
    const bool is_name = word.substr(0, equals) == "name" || word.substr(0, equals) == "address";
    json::value& member = out[word.substr(0, equals)];
    if (text.empty()) {
      member = nullptr;
    } else if (value && !is_name) {
      member = *value;
    } else {
      member = json::string(text);
    }
  }
  return out;
}

Outcome<void> set(Session& session, const Call& call) {
  const auto kind = catalog_kind_of(call);
  if (!kind) return tl::unexpected(kind.error());
  auto members = members_of(call.list("member"));
  if (!members) return tl::unexpected(members.error());
  const std::string given = call.value("name");
  const auto known = find_entry(session, *kind, given);
  if (!known) return tl::unexpected(known.error());
  if (*known) {
    const std::string path = catalog_path(*kind, *find_string(**known, "name"));
    const auto written = session.api().patch(path, json::object{{"properties", std::move(*members)}});
    return show_written(session, written, columns_of(*kind));
  }
  json::value fresh =
      api::arm::merge_patch(json::object{{api::title_key(*kind), given}}, json::value(std::move(*members)));
  const std::string path =
      catalog_path(*kind, call.text("id").value_or(api::entry_name_of(*kind, fresh.get_object())));
  const auto written = session.api().put(path, json::object{{"properties", std::move(fresh)}});
  return show_written(session, written, columns_of(*kind));
}

Outcome<void> delete_entry(Session& session, const Call& call) {
  const auto kind = catalog_kind_of(call);
  if (!kind) return tl::unexpected(kind.error());
  const std::string given = call.value("name");
  const auto known = find_entry(session, *kind, given);
  if (!known) return tl::unexpected(known.error());
  const bool reset = call.has("reset");
  const std::string name = *known ? *find_string(**known, "name") : given;
  if (auto ok = confirm(session, call, fmt::format("'{}' of the {}", name, to_string(*kind))); !ok) return ok;
  if (!reset) return remove(session, catalog_path(*kind, name));
  const std::string target = target_of(catalog_path(*kind, name), Query().add("reset", "true"));
  const auto answer = session.api().send(http::Method::delete_, target, {}, "");
  if (!answer) return tl::unexpected(answer.error());
  if (answer->status > 299) return failure_of(*answer);
  if (answer->status == 204) session.note("there was nothing to reset");
  return {};
}

Outcome<void> export_catalog(Session& session, const Call& call) {
  const auto entries = fetch_catalog(session);
  if (!entries) return tl::unexpected(entries.error());
  return write_catalog_file(session, *entries, call.value("file"));
}

// What a file may have, but hardly means.
std::vector<std::string> doubts_about(const api::CatalogEntries& entries) {
  std::vector<std::string> out;
  for (const api::CatalogEntry* provider : entries.of_kind(CatalogKind::providers)) {
    for (const json::value& metro : provider->properties.at("metros").as_array()) {
      const std::string name(metro.as_string());
      if (entries.find_called(CatalogKind::metros, name)) continue;
      out.push_back(fmt::format("provider '{}': there is no metro '{}'", title_of(*provider), name));
    }
  }
  for (const api::CatalogEntry* metro : entries.of_kind(CatalogKind::metros)) {
    if (metro->properties.contains("latitude")) continue;
    out.push_back(fmt::format("metro '{}' has no coordinates: it is near no state", title_of(*metro)));
  }
  return out;
}

Outcome<void> check(Session& session, const Call& call) {
  const auto entries = read_catalog_file(call.value("file"));
  if (!entries) return tl::unexpected(entries.error());
  for (const std::string& doubt : doubts_about(*entries)) session.note(doubt);
  std::string counts;
  for (const CatalogKind kind : api::catalog_kinds) {
    counts +=
        fmt::format("{}{} {}", counts.empty() ? "" : ", ", entries->of_kind(kind).size(), to_string(kind));
  }
  session.out() << call.value("file") << ": " << counts << "\n";
  return {};
}

OptionSpec kind_argument() {
  return {"kind",
          "countries, states, metros, facilities, exchanges, providers or bandwidthOffers; also in the "
          "singular",
          OptionKind::text, true};
}
OptionSpec name_argument() { return {"name", "its name, or what it is called", OptionKind::text, true}; }

}  // namespace

std::vector<Command> catalog_commands() {
  return {
      {"catalog list", "List entries of the catalogue (Operator).", {kind_argument()}, list},
      {"catalog show", "Show an entry of the catalogue.", {kind_argument(), name_argument()}, show},
      {"catalog set",
       "Add an entry to the catalogue, or change members of it; in force at once.",
       {kind_argument(),
        name_argument(),
        {"--id", "for a new entry: its name in the path, instead of one made of what it is called"},
        {"member", "member=value, the value in JSON or a text; nothing after '=' removes it",
         OptionKind::list, true}},
       set},
      {"catalog delete",
       "Delete an entry of the catalogue.",
       {kind_argument(),
        name_argument(),
        {"--reset", "forget what was changed, so that the file's entry is in force", OptionKind::flag},
        yes_option()},
       delete_entry},
      {"catalog export",
       "Write the whole catalogue in force as a file that [catalog] file can name.",
       {{.names = "--file", .help = "the file; - is stdout", .fallback = "-"}},
       export_catalog},
      {"catalog check",
       "Check a catalogue file without a server; doubts go to stderr.",
       {{"file", "the file", OptionKind::text, true}},
       check},
      import_command(),
  };
}

}  // namespace peering::cli
