#include "cli/analyze_watch.h"

#include "feeds/route_object_file.h"
#include "feeds/text_file.h"
#include "rib/rpki_json.h"

namespace peering::cli {

namespace {

using RelationshipsParser = Result<detect::Relationships> (*)(std::string_view);

// What is known already stays.
Result<void> add_relationships(const std::string& path, RelationshipsParser parse,
                               detect::Settings& settings) {
  if (path.empty()) return {};
  const auto text = feeds::read_text_file(path);
  if (!text) return tl::unexpected(text.error());
  auto parsed = parse(*text);
  if (!parsed) return fail(parsed.error().code, "{}: {}", path, parsed.error().message);
  if (settings.relationships) parsed->merge(*settings.relationships);
  settings.relationships = std::make_shared<const detect::Relationships>(std::move(*parsed));
  return {};
}

Result<rib::RpkiData> read_rpki(const std::string& path) {
  const auto text = feeds::read_text_file(path);
  if (!text) return tl::unexpected(text.error());
  auto data = rib::rpki_from_json(*text);
  if (!data) return fail(data.error().code, "{}: {}", path, data.error().message);
  return data;
}

// Several attestations of one customer are one with all their providers.
void add_aspas(std::vector<wire::rtr::Aspa> aspas, detect::Settings& settings) {
  if (aspas.empty()) return;
  if (settings.aspas) {
    const auto known = settings.aspas->aspas();
    aspas.insert(aspas.end(), known.begin(), known.end());
  }
  settings.aspas = std::make_shared<const rib::AspaTable>(aspas);
}

// The JSON that validators export. It stands beside the `roas` and `aspa` of the watch file.
Result<void> add_rpki(const std::string& path, detect::Settings& settings) {
  if (path.empty()) return {};
  auto data = read_rpki(path);
  if (!data) return tl::unexpected(data.error());
  if (settings.vrps) {
    const auto known = settings.vrps->vrps();
    data->vrps.insert(data->vrps.end(), known.begin(), known.end());
  }
  settings.vrps = std::make_shared<const rib::VrpTable>(std::move(data->vrps));
  add_aspas(std::move(data->aspas), settings);
  return {};
}

// Only the provider attestations of such a file.
Result<void> add_aspa_file(const std::string& path, detect::Settings& settings) {
  if (path.empty()) return {};
  auto data = read_rpki(path);
  if (!data) return tl::unexpected(data.error());
  add_aspas(std::move(data->aspas), settings);
  return {};
}

// Of the objects only those are kept that can matter; where ASes are monitored that is any.
Result<void> add_route_objects(const std::string& path, detect::WatchFile& watch, std::ostream& err) {
  if (path.empty()) return {};
  const bool any = !watch.settings.monitored.empty();
  auto reader = feeds::read_route_objects(
      path, [&](const net::Prefix& prefix) { return any || watch.registry->watch.overlaps(prefix); });
  if (!reader) return tl::unexpected(reader.error());
  for (const std::string& complaint : reader->complaints()) err << path << ": " << complaint << '\n';
  if (reader->broken() > 0) {
    err << fmt::format("{}: {} route objects, {} left out as they are broken\n", path, reader->read(),
                       reader->broken());
  }
  watch.settings.route_objects = std::make_shared<const rib::RouteObjects>(reader->objects());
  return {};
}

}  // namespace

Result<detect::WatchFile> read_watch(const WatchSources& sources, std::ostream& err) {
  std::string text = sources.text;
  if (text.empty()) {
    auto read = feeds::read_text_file(sources.name);
    if (!read) return tl::unexpected(read.error());
    text = std::move(*read);
  }
  detect::Settings known;
  if (sources.reopen_within) known.reopen_within = *sources.reopen_within;
  auto watch = detect::read_watch_file(text, std::move(known));
  if (!watch) return fail(watch.error().code, "{}: {}", sources.name, watch.error().message);
  for (const std::string& note : watch->notes) err << sources.name << ": " << note << '\n';
  for (const std::string& key : watch->unknown_keys) {
    err << sources.name << ": key `" << key << "` is not known and ignored\n";
  }
  detect::Settings& settings = watch->settings;
  Result<void> done = add_relationships(sources.siblings, detect::Relationships::parse_siblings, settings);
  if (done) done = add_relationships(sources.as_relationships, detect::Relationships::parse, settings);
  if (done) done = add_aspa_file(sources.aspa, settings);
  if (done) done = add_rpki(sources.vrps, settings);
  if (done) done = add_route_objects(sources.irr, *watch, err);
  if (!done) return tl::unexpected(done.error());
  return watch;
}

}  // namespace peering::cli
