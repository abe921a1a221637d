#include "cli/settings.h"

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "cli/settings_file.h"

namespace peering::cli {

std::optional<Format> parse_format(std::string_view name) {
  if (name == "table") return Format::table;
  if (name == "json") return Format::json;
  if (name == "tsv") return Format::tsv;
  if (name == "yaml") return Format::yaml;
  return std::nullopt;
}

Environment process_environment() {
  return [](std::string_view name) -> std::optional<std::string> {
    const char* value = std::getenv(std::string(name).c_str());
    if (value == nullptr || *value == '\0') return std::nullopt;
    return std::string(value);
  };
}

namespace {

std::string settings_path(const Environment& environment) {
  if (const auto base = environment("XDG_CONFIG_HOME")) return *base + "/peeringctl/config.toml";
  if (const auto home = environment("HOME")) return *home + "/.config/peeringctl/config.toml";
  return {};
}

// Looks in the three places in order.
struct Lookup {
  const Call& call;
  const Environment& environment;
  const SettingsFile& file;

  std::string of(std::string_view option, std::string_view variable, std::string_view key) const {
    if (const auto given = call.text(option)) return *given;
    if (const auto set = environment(variable)) return *set;
    const auto found = file.find(key);
    return found == file.end() ? std::string() : found->second;
  }
};

Outcome<std::string> read_token_file(const std::string& path) {
  std::ifstream in(path);
  if (!in) return failed("cannot read the token file {}", path);
  std::string token{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  while (!token.empty() && (token.back() == '\n' || token.back() == '\r' || token.back() == ' ')) {
    token.pop_back();
  }
  return token;
}

Outcome<void> load_token(const Lookup& lookup, Settings& out) {
  out.token = lookup.of("token", "PEERING_TOKEN", "token");
  const std::string path = lookup.of("token-file", "PEERING_TOKEN_FILE", "token_file");
  if (out.token.empty() && !path.empty()) {
    auto token = read_token_file(path);
    if (!token) return tl::unexpected(token.error());
    out.token = std::move(*token);
  }
  if (out.token.find_first_of("\r\n") != std::string::npos) {
    return usage_error("the token has a line break in it");
  }
  return {};
}

Outcome<void> load_endpoint(const Lookup& lookup, Settings& out) {
  out.endpoint = lookup.of("endpoint", "PEERING_ENDPOINT", "endpoint");
  if (out.endpoint.empty()) out.endpoint = default_endpoint;
  while (!out.endpoint.empty() && out.endpoint.back() == '/') out.endpoint.pop_back();
  if (out.endpoint.rfind("http://", 0) != 0 && out.endpoint.rfind("https://", 0) != 0) {
    return usage_error("endpoint '{}': must begin with http:// or https://", out.endpoint);
  }
  return {};
}

}  // namespace

Outcome<Settings> load_settings(const Call& call, const Environment& environment, bool terminal) {
  const auto file = read_settings_file(settings_path(environment));
  if (!file) return tl::unexpected(file.error());
  const Lookup lookup{call, environment, *file};
  Settings out;
  if (auto done = load_endpoint(lookup, out); !done) return tl::unexpected(done.error());
  if (auto done = load_token(lookup, out); !done) return tl::unexpected(done.error());
  out.subscription = lookup.of("subscription", "PEERING_SUBSCRIPTION", "subscription");
  out.ca_file = lookup.of("ca-file", "PEERING_CA_FILE", "ca_file");
  const std::string output = lookup.of("output", "PEERING_OUTPUT", "output");
  const auto format = parse_format(output);
  if (!output.empty() && !format) return usage_error("output '{}': one of table, json, tsv, yaml", output);
  out.format_given = format.has_value();
  out.format = format.value_or(terminal ? Format::table : Format::json);
  out.colored =
      terminal && !call.has("no-color") && !environment("NO_COLOR") && environment("TERM") != "dumb";
  return out;
}

}  // namespace peering::cli
