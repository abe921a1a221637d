#include "cli/settings_file.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>

#include <toml++/toml.h>

namespace peering::cli {

namespace {

constexpr std::array<std::string_view, 6> known_keys = {"endpoint",     "token",   "token_file",
                                                        "subscription", "ca_file", "output"};

}  // namespace

Outcome<SettingsFile> read_settings_file(const std::string& path) {
  SettingsFile out;
  std::error_code missing;
  if (path.empty() || !std::filesystem::exists(path, missing)) return out;
  toml::table table;
  try {
    table = toml::parse_file(path);
  } catch (const toml::parse_error& error) {
    return usage_error("{}:{}: {}", path, error.source().begin.line, std::string(error.description()));
  }
  for (const auto& [key, value] : table) {
    const std::string name(key.str());
    if (std::find(known_keys.begin(), known_keys.end(), name) == known_keys.end()) {
      return usage_error(
          "{}:{}: unknown key '{}'; known are endpoint, token, token_file, subscription, "
          "ca_file and output",
          path, value.source().begin.line, name);
    }
    const auto text = value.value<std::string>();
    if (!text) return usage_error("{}:{}: '{}' must be a text", path, value.source().begin.line, name);
    out[name] = *text;
  }
  return out;
}

}  // namespace peering::cli
