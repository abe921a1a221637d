#include "cli/analyze_watch.h"

#include "feeds/text_file.h"
#include "rib/rpki_json.h"

namespace peering::cli {

namespace {

Result<void> add_relationships(const std::string& path, detect::Settings& settings) {
  const auto text = feeds::read_text_file(path);
  if (!text) return tl::unexpected(text.error());
  auto parsed = detect::Relationships::parse(*text);
  if (!parsed) return fail(parsed.error().code, "{}: {}", path, parsed.error().message);
  if (settings.relationships) parsed->merge(*settings.relationships);
  settings.relationships = std::make_shared<const detect::Relationships>(std::move(*parsed));
  return {};
}

// The JSON that validators export. It stands beside the `roas` and `aspa` of the watch file.
Result<void> add_rpki(const std::string& path, detect::Settings& settings) {
  const auto text = feeds::read_text_file(path);
  if (!text) return tl::unexpected(text.error());
  auto data = rib::rpki_from_json(*text);
  if (!data) return fail(data.error().code, "{}: {}", path, data.error().message);
  if (settings.vrps) {
    const auto known = settings.vrps->vrps();
    data->vrps.insert(data->vrps.end(), known.begin(), known.end());
  }
  settings.vrps = std::make_shared<const rib::VrpTable>(std::move(data->vrps));
  if (!data->aspas.empty() && !settings.aspas) {
    settings.aspas = std::make_shared<const rib::AspaTable>(data->aspas);
  }
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
  auto watch = detect::read_watch_file(text);
  if (!watch) return fail(watch.error().code, "{}: {}", sources.name, watch.error().message);
  for (const std::string& note : watch->notes) err << sources.name << ": " << note << '\n';
  for (const std::string& key : watch->unknown_keys) {
    err << sources.name << ": key `" << key << "` is not known and ignored\n";
  }
  if (!sources.as_relationships.empty()) {
    const auto done = add_relationships(sources.as_relationships, watch->settings);
    if (!done) return tl::unexpected(done.error());
  }
  if (!sources.vrps.empty()) {
    const auto done = add_rpki(sources.vrps, watch->settings);
    if (!done) return tl::unexpected(done.error());
  }
  return watch;
}

}  // namespace peering::cli
