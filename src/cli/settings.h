// Where the server is, who asks and how answers look: options, then the environment, then the settings file,
// then defaults.
//
// The settings file is `~/.config/peeringctl/config.toml` (or under `$XDG_CONFIG_HOME`): `endpoint`, `token`
// or `token_file`, `subscription`, `ca_file`, `output`. It is optional; an unknown key is an error.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "cli/command.h"

namespace peering::cli {

enum class Format : std::uint8_t { table, json, tsv, yaml };
std::optional<Format> parse_format(std::string_view name);

struct Settings {
  std::string endpoint;      ///< "http://127.0.0.1:8470", without a slash at the end
  std::string token;         ///< empty: none
  std::string subscription;  ///< empty: none
  std::string ca_file;       ///< PEM; empty: the system's authorities
  Format format = Format::json;
  bool format_given = false;  ///< asked for, not derived from where the output goes
  bool colored = false;
};

inline constexpr std::string_view default_endpoint = "http://127.0.0.1:8470";

/// The environment, as a function so that tests can make one.
using Environment = std::function<std::optional<std::string>(std::string_view name)>;
/// The process's own.
Environment process_environment();

/// Reads everything. `terminal`: the output goes to one. A table is the default there, JSON elsewhere.
Outcome<Settings> load_settings(const Call& call, const Environment& environment, bool terminal);

}  // namespace peering::cli
