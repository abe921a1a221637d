#include "cli/server_rules.h"

#include <string_view>

#include <toml++/toml.h>

#include "base/duration.h"

namespace peering::cli {

namespace {

// The text of a key that need not be there. False when it is no text.
bool take_text(const toml::table& table, std::string_view section, std::string_view key, std::string& out,
               std::size_t& line) {
  const auto node = table[section][key];
  if (!node) return true;
  line = node.node()->source().begin.line;
  const auto text = node.value_exact<std::string>();
  if (text) out = *text;
  return text.has_value();
}

}  // namespace

Result<ServerRules> read_server_rules(const std::string& path) {
  toml::table table;
  try {
    table = toml::parse_file(path);
  } catch (const toml::parse_error& error) {
    return fail(ErrorCode::invalid_argument, "{}:{}: {}", path, error.source().begin.line,
                std::string(error.description()));
  }
  ServerRules out;
  std::string reopen_within;
  const std::tuple<const char*, const char*, std::string&> texts[] = {
      {"detection", "reopen_within", reopen_within},
      {"topology", "as_relationships", out.as_relationships},
      {"topology", "siblings", out.siblings},
      {"topology", "aspa", out.aspa},
      {"topology", "irr", out.irr},
      {"rpki", "vrp_file", out.vrps}};
  std::size_t line = 0;
  for (const auto& [section, key, into] : texts) {
    if (!take_text(table, section, key, into, line)) {
      return fail(ErrorCode::invalid_argument, "{}:{}: {}.{}: a text is expected", path, line, section, key);
    }
    if (&into != &reopen_within || into.empty()) continue;
    const auto duration = parse_duration(into);
    if (!duration) {
      return fail(ErrorCode::invalid_argument, "{}:{}: {}.{}: {}", path, line, section, key,
                  duration.error().message);
    }
    out.reopen_within = *duration;
  }
  return out;
}

}  // namespace peering::cli
