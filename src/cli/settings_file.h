// The settings file of the command line, read by toml++.
#pragma once

#include <map>
#include <string>

#include "cli/failure.h"

namespace peering::cli {

using SettingsFile = std::map<std::string, std::string, std::less<>>;

/// The file's keys and texts; nothing when there is no file. Errors name file, line and rule.
Outcome<SettingsFile> read_settings_file(const std::string& path);

}  // namespace peering::cli
