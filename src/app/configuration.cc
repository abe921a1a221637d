#include "app/configuration.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>

#include <toml++/toml.h>

#include "app/settings.h"

namespace peering::app {

namespace {

Error at(std::string_view file, const toml::source_region& where, std::string_view key,
         std::string_view rule) {
  return Error{ErrorCode::invalid_argument, fmt::format("{}:{}: {}: {}", file, where.begin.line, key, rule)};
}

// Levenshtein distance, for "did you mean".
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

std::string full_key(std::string_view section, std::string_view key) {
  return section.empty() ? std::string(key) : fmt::format("{}.{}", section, key);
}

struct Document {
  std::string_view file;
  std::vector<std::string> known;  // full keys and sections, for the nearest one

  Error unknown(const toml::key& key, std::string_view full) const {
    const auto nearest = std::min_element(known.begin(), known.end(), [&](const auto& a, const auto& b) {
      return distance(a, full) < distance(b, full);
    });
    return at(file, key.source(), full, fmt::format("unknown key; the nearest known one is {}", *nearest));
  }
};

Result<void> assign(const Document& document, const Setting& setting, const toml::node& node) {
  const std::string key = full_key(setting.section, setting.key);
  const auto refuse = [&](std::string_view rule) {
    return tl::unexpected(at(document.file, node.source(), key, rule));
  };
  if (auto* const* text = std::get_if<std::string*>(&setting.target)) {
    if (!node.is_string()) return refuse("a text is expected");
    **text = *node.value<std::string>();
  } else if (auto* const* number = std::get_if<std::int64_t*>(&setting.target)) {
    if (!node.is_integer()) return refuse("a whole number is expected");
    **number = *node.value<std::int64_t>();
  } else if (auto* const* flag = std::get_if<bool*>(&setting.target)) {
    if (!node.is_boolean()) return refuse("true or false is expected");
    **flag = *node.value<bool>();
  } else if (auto* const* real = std::get_if<double*>(&setting.target)) {
    if (!node.is_number()) return refuse("a number is expected");
    **real = *node.value<double>();
  } else if (auto* const* duration = std::get_if<std::chrono::seconds*>(&setting.target)) {
    const auto parsed = node.is_string() ? parse_duration(*node.value<std::string>())
                                         : Result<std::chrono::seconds>(tl::unexpected(Error{}));
    if (!parsed) return refuse("a duration such as \"90s\", \"5m\", \"12h\" or \"30d\" is expected");
    **duration = *parsed;
  } else if (auto* const* list = std::get_if<std::vector<std::string>*>(&setting.target)) {
    const toml::array* items = node.as_array();
    if (!items || (!items->empty() && !items->is_homogeneous(toml::node_type::string))) {
      return refuse("a list of texts is expected");
    }
    (*list)->clear();
    for (const toml::node& item : *items) (*list)->push_back(*item.value<std::string>());
  }
  if (setting.rule) {
    const std::string rule = setting.rule(setting.target);
    if (!rule.empty()) return refuse("the value must be " + rule);
  }
  return {};
}

template <class Entry>
Result<void> read_entries(const Document& document, const toml::node& node, std::string_view section,
                          std::vector<Entry>& out) {
  const toml::array* entries = node.as_array();
  if (!entries || !entries->is_homogeneous(toml::node_type::table)) {
    return tl::unexpected(
        at(document.file, node.source(), section, fmt::format("write it as [[{}]] tables", section)));
  }
  for (const toml::node& item : *entries) {
    Entry entry;
    const auto rows = settings_of(entry);
    for (const auto& [key, value] : *item.as_table()) {
      const auto row =
          std::find_if(rows.begin(), rows.end(), [&](const Setting& s) { return s.key == key.str(); });
      if (row == rows.end()) return tl::unexpected(document.unknown(key, full_key(section, key.str())));
      if (auto done = assign(document, *row, value); !done) return done;
    }
    for (const Setting& row : rows) {
      if (row.required && !item.as_table()->contains(row.key)) {
        return tl::unexpected(
            at(document.file, item.source(), full_key(section, row.key), "is required in every entry"));
      }
    }
    out.push_back(std::move(entry));
  }
  return {};
}

Result<void> read_table(Document& document, const toml::table& table, std::string_view section,
                        const std::vector<Setting>& rows, Configuration& out) {
  for (const auto& [key, value] : table) {
    const std::string full = full_key(section, key.str());
    Result<void> done;
    if (full == "auth.issuers") {
      done = read_entries(document, value, full, out.auth.issuers);
    } else if (full == "network.pops") {
      done = read_entries(document, value, full, out.network.pops);
    } else if (full == "detection.asns") {
      done = read_entries(document, value, full, out.detection.asns);
    } else if (full == "network.routers") {
      done = read_entries(document, value, full, out.network.routers);
    } else if (full == "feeds.mrt") {
      done = read_entries(document, value, full, out.feeds.mrt);
    } else if (full == "feeds.ris") {
      done = read_entries(document, value, full, out.feeds.ris);
    } else if (full == "feeds.bgp.neighbors") {
      done = read_entries(document, value, full, out.feeds.bgp_neighbors);
    } else if (full == "feeds.kafka") {
      done = read_entries(document, value, full, out.feeds.kafka);
    } else if (full == "latency.files") {
      done = read_entries(document, value, full, out.latency.files);
    } else if (full == "latency.metrics") {
      done = read_entries(document, value, full, out.latency.metrics);
    } else if (full == "rpki.caches") {
      done = read_entries(document, value, full, out.rpki.caches);
    } else if (const auto row =
                   std::find_if(rows.begin(), rows.end(),
                                [&](const Setting& s) { return full_key(s.section, s.key) == full; });
               row != rows.end()) {
      done = assign(document, *row, value);
    } else if (value.is_table() &&
               std::any_of(document.known.begin(), document.known.end(),
                           [&](const std::string& k) { return k.starts_with(full + "."); })) {
      done = read_table(document, *value.as_table(), full, rows, out);
    } else {
      done = tl::unexpected(document.unknown(key, full));
    }
    if (!done) return done;
  }
  return {};
}

std::vector<std::string> known_keys(Configuration& configuration) {
  std::vector<std::string> out;
  const auto add = [&](const std::vector<Setting>& rows) {
    for (const Setting& row : rows) {
      out.push_back(full_key(row.section, row.key));
      if (!row.section.empty()) out.emplace_back(row.section);
    }
  };
  AuthIssuer issuer;
  Pop pop;
  Router router;
  MonitoredAsEntry as;
  MrtFeed feed;
  RisFeed ris;
  BgpNeighborEntry neighbor;
  KafkaFeed kafka;
  LatencyFile file;
  LatencyMetric metric;
  RpkiCache cache;
  add(settings_of(configuration));
  add(settings_of(issuer));
  add(settings_of(pop));
  add(settings_of(router));
  add(settings_of(as));
  add(settings_of(feed));
  add(settings_of(ris));
  add(settings_of(neighbor));
  add(settings_of(kafka));
  add(settings_of(file));
  add(settings_of(metric));
  add(settings_of(cache));
  return out;
}

}  // namespace

Result<Configuration> parse_configuration(std::string_view text, std::string_view name) {
  Configuration out;
  Document document{name, known_keys(out)};
  try {
    const toml::table table = toml::parse(text, name);
    if (auto done = read_table(document, table, "", settings_of(out), out); !done) {
      return tl::unexpected(done.error());
    }
  } catch (const toml::parse_error& failure) {
    return tl::unexpected(at(name, failure.source(), "TOML", fmt::format("{}", failure.description())));
  }
  if (out.http.certificate_file.empty() != out.http.private_key_file.empty()) {
    return fail(ErrorCode::invalid_argument,
                "{}: http.certificate_file and http.private_key_file are set together or not at all", name);
  }
  return out;
}

Result<Configuration> read_configuration(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return fail(ErrorCode::invalid_argument, "{}: the file cannot be read", file.string());
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  return parse_configuration(text, file.string());
}

namespace {

void print_entries(std::string& out, std::string_view section, const std::vector<Setting>& rows) {
  out += fmt::format("\n[[{}]]\n", section);
  for (const Setting& row : rows) out += fmt::format("{} = {}\n", row.key, toml_value(row.target));
}

}  // namespace

std::string print_configuration(const Configuration& configuration) {
  Configuration copy = configuration;
  std::string out, section;
  for (const Setting& row : settings_of(copy)) {
    if (row.section != section) out += fmt::format("\n[{}]\n", section = row.section);
    out += fmt::format("# {}\n{} = {}\n", row.text, row.key, toml_value(row.target));
  }
  for (AuthIssuer& issuer : copy.auth.issuers) print_entries(out, "auth.issuers", settings_of(issuer));
  for (Pop& pop : copy.network.pops) print_entries(out, "network.pops", settings_of(pop));
  for (MonitoredAsEntry& as : copy.detection.asns) print_entries(out, "detection.asns", settings_of(as));
  for (Router& router : copy.network.routers) print_entries(out, "network.routers", settings_of(router));
  for (MrtFeed& feed : copy.feeds.mrt) print_entries(out, "feeds.mrt", settings_of(feed));
  for (RisFeed& feed : copy.feeds.ris) print_entries(out, "feeds.ris", settings_of(feed));
  for (BgpNeighborEntry& neighbor : copy.feeds.bgp_neighbors) {
    print_entries(out, "feeds.bgp.neighbors", settings_of(neighbor));
  }
  for (KafkaFeed& feed : copy.feeds.kafka) print_entries(out, "feeds.kafka", settings_of(feed));
  for (LatencyFile& file : copy.latency.files) print_entries(out, "latency.files", settings_of(file));
  for (LatencyMetric& metric : copy.latency.metrics)
    print_entries(out, "latency.metrics", settings_of(metric));
  for (RpkiCache& cache : copy.rpki.caches) print_entries(out, "rpki.caches", settings_of(cache));
  return out;
}

namespace {

// The entries of an array as text, to compare.
template <class Entry>
std::string printed(std::string_view section, std::vector<Entry> entries) {
  std::string out;
  for (Entry& entry : entries) print_entries(out, section, settings_of(entry));
  return out;
}

}  // namespace

std::vector<std::string> changed_keys(const Configuration& before, const Configuration& after) {
  std::vector<std::string> out;
  Configuration old = before, fresh = after;
  const auto old_rows = settings_of(old), fresh_rows = settings_of(fresh);
  for (std::size_t i = 0; i < old_rows.size(); ++i) {
    if (toml_value(old_rows[i].target) != toml_value(fresh_rows[i].target)) {
      out.push_back(full_key(old_rows[i].section, old_rows[i].key));
    }
  }
  const auto compare = [&](std::string_view section, const auto& a, const auto& b) {
    if (printed(section, a) != printed(section, b)) out.push_back(fmt::format("[[{}]]", section));
  };
  compare("auth.issuers", before.auth.issuers, after.auth.issuers);
  compare("network.pops", before.network.pops, after.network.pops);
  compare("detection.asns", before.detection.asns, after.detection.asns);
  compare("network.routers", before.network.routers, after.network.routers);
  compare("feeds.mrt", before.feeds.mrt, after.feeds.mrt);
  compare("feeds.ris", before.feeds.ris, after.feeds.ris);
  compare("feeds.bgp.neighbors", before.feeds.bgp_neighbors, after.feeds.bgp_neighbors);
  compare("feeds.kafka", before.feeds.kafka, after.feeds.kafka);
  compare("latency.files", before.latency.files, after.latency.files);
  compare("latency.metrics", before.latency.metrics, after.latency.metrics);
  compare("rpki.caches", before.rpki.caches, after.rpki.caches);
  return out;
}

std::string configuration_reference() {
  Configuration defaults;
  AuthIssuer issuer;
  Pop pop;
  Router router;
  MonitoredAsEntry as;
  MrtFeed feed;
  RisFeed ris;
  BgpNeighborEntry neighbor;
  KafkaFeed kafka;
  LatencyFile file;
  LatencyMetric metric;
  RpkiCache cache;
  std::string out =
      "# Configuration\n\nOne TOML file, given with `--config`. An unknown key is an error. This page is "
      "written by "
      "`peeringd --print-reference`; a test keeps it equal.\n";
  std::string section = "-";
  const auto add = [&](const std::vector<Setting>& rows, bool array) {
    for (const Setting& row : rows) {
      if (row.section != section) {
        section = row.section;
        const std::string title = section.empty() ? "At the top"
                                  : array         ? "[[" + section + "]]"
                                                  : "[" + section + "]";
        out += fmt::format("\n## {}\n\n| key | default | |\n| --- | --- | --- |\n", title);
      }
      out += fmt::format("| `{}` | {} | {} |\n", row.key,
                         row.required ? "required" : "`" + toml_value(row.target) + "`", row.text);
    }
  };
  add(settings_of(defaults), false);
  add(settings_of(issuer), true);
  add(settings_of(pop), true);
  add(settings_of(router), true);
  add(settings_of(as), true);
  add(settings_of(feed), true);
  add(settings_of(ris), true);
  add(settings_of(neighbor), true);
  add(settings_of(kafka), true);
  add(settings_of(file), true);
  add(settings_of(metric), true);
  add(settings_of(cache), true);
  return out;
}

std::filesystem::path default_data_dir() {
  if (const char* state = std::getenv("STATE_DIRECTORY"); state && *state) return state;
  if (const char* state = std::getenv("XDG_STATE_HOME"); state && *state) {
    return std::filesystem::path(state) / "peeringd";
  }
  const char* home = std::getenv("HOME");
  return std::filesystem::path(home && *home ? home : "/var/lib") /
         (home && *home ? ".local/state/peeringd" : "peeringd");
}

}  // namespace peering::app
