#include "cli/command.h"

#include <charconv>
#include <cstdlib>

namespace peering::cli {

std::string_view key_of(const OptionSpec& option) {
  std::string_view rest = option.names;
  while (!rest.empty()) {
    const std::string_view name = rest.substr(0, rest.find(','));
    if (name.substr(0, 2) == "--") return name.substr(2);
    if (name.substr(0, 1) != "-") return name;
    rest.remove_prefix(std::min(rest.size(), name.size() + 1));
  }
  return option.names;
}

std::optional<std::string> Call::text(std::string_view key) const {
  const auto found = values_.find(key);
  if (found == values_.end() || found->second.empty()) return std::nullopt;
  return found->second.back();
}

std::vector<std::string> Call::list(std::string_view key) const {
  const auto found = values_.find(key);
  return found == values_.end() ? std::vector<std::string>() : found->second;
}

std::optional<std::uint64_t> Call::number(std::string_view key) const {
  const auto given = text(key);
  if (!given) return std::nullopt;
  std::uint64_t out = 0;
  const char* end = given->data() + given->size();
  const auto [stopped, error] = std::from_chars(given->data(), end, out);
  if (error != std::errc() || stopped != end) return std::nullopt;
  return out;
}

std::optional<double> Call::real(std::string_view key) const {
  const auto given = text(key);
  if (!given) return std::nullopt;
  char* stopped = nullptr;
  const double out = std::strtod(given->c_str(), &stopped);
  if (stopped == given->c_str() || *stopped != '\0') return std::nullopt;
  return out;
}

}  // namespace peering::cli
