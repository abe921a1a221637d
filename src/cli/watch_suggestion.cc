#include "cli/watch_suggestion.h"

#include <algorithm>

#include "cli/recorded_routes.h"
#include "detect/suggestion.h"
#include "feeds/text_file.h"
#include "rib/rpki_json.h"

namespace peering::cli {

namespace {

Outcome<RecordedRoutes> read_routes(WantedRoutes wanted, const std::vector<std::string>& files,
                                    std::ostream& err) {
  RecordedRoutes out(std::move(wanted));
  for (const std::string& file : files) {
    if (const auto done = out.read(file); !done) return failure_of(done.error());
  }
  if (out.malformed() > 0) err << fmt::format("{} records could not be read\n", out.malformed());
  return out;
}

// Those that were named, and those that the ASes originate: the latter only the files know.
Outcome<std::set<net::Prefix>> prefixes_of(const WatchSuggestionOptions& options, std::ostream& err) {
  std::set<net::Prefix> out(options.prefixes.begin(), options.prefixes.end());
  if (options.asns.empty()) return out;
  if (std::ranges::find(options.files, "-") != options.files.end()) {
    return usage_error("--asn reads the files twice: stdin cannot be one of them");
  }
  WantedRoutes wanted;
  wanted.origins = {options.asns.begin(), options.asns.end()};
  const auto routes = read_routes(std::move(wanted), options.files, err);
  if (!routes) return tl::unexpected(routes.error());
  out.merge(routes->prefixes_of_origins());
  return out;
}

Outcome<rib::VrpTablePointer> read_vrps(const std::string& path) {
  if (path.empty()) return rib::VrpTablePointer();
  const auto text = feeds::read_text_file(path);
  if (!text) return failure_of(text.error());
  auto data = rib::rpki_from_json(*text);
  if (!data) return usage_error("{}: {}", path, data.error().message);
  return std::make_shared<const rib::VrpTable>(std::move(data->vrps));
}

void tell(const net::Prefix& prefix, const detect::Suggestion& made, std::ostream& err) {
  for (const detect::Reason& reason : made.reasons) {
    err << fmt::format("{}: {} {}: {}\n", prefix.to_string(), reason.field, json::serialize(reason.value),
                       reason.why);
  }
  for (const std::string& warning : made.warnings) {
    err << fmt::format("{}: warning: {}\n", prefix.to_string(), warning);
  }
}

}  // namespace

Outcome<void> suggest_watch_file(const WatchSuggestionOptions& options, std::ostream& out,
                                 std::ostream& err) {
  const auto vrps = read_vrps(options.vrps);
  if (!vrps) return tl::unexpected(vrps.error());
  const auto prefixes = prefixes_of(options, err);
  if (!prefixes) return tl::unexpected(prefixes.error());
  WantedRoutes wanted;
  for (const net::Prefix& prefix : *prefixes) wanted.prefixes[prefix] = true;
  const auto routes = read_routes(std::move(wanted), options.files, err);
  if (!routes) return tl::unexpected(routes.error());
  json::array entries;
  for (const net::Prefix& prefix : *prefixes) {
    model::Expectation nothing;
    nothing.prefix = prefix;
    nothing.any_origin = true;
    const std::vector<rib::Route> seen = routes->within(prefix);
    const auto registered = [&](const net::Prefix& other) { return prefixes->contains(other); };
    const detect::Suggestion made = detect::suggest({nothing, seen, vrps->get(), {}, registered});
    tell(prefix, made, err);
    entries.push_back(model::to_json(made.expectation));
  }
  out << json::serialize(json::object{{"prefixes", std::move(entries)}}) << '\n';
  out.flush();
  if (!out) return failed("the output cannot be written");
  return {};
}

}  // namespace peering::cli
