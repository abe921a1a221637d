// The query part of a request's target.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace peering::api::arm {

/// Decoded parameters in order. Names compare without case, as clients write `$skipToken` and `$skiptoken`.
class Query {
 public:
  /// The text after '?'. Nothing when an escape is broken. '+' is a blank.
  static std::optional<Query> parse(std::string_view text);

  /// The first parameter of the name.
  std::optional<std::string> get(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& all() const { return parameters_; }

 private:
  std::vector<std::pair<std::string, std::string>> parameters_;
};

/// Percent-encodes everything but letters, digits, '-', '.', '_' and '~' (RFC 3986 section 2.3).
std::string percent_encoded(std::string_view text);
/// Undoes percent escapes once; nothing when one is broken. '+' becomes a blank when `plus_is_blank`.
std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_blank);

}  // namespace peering::api::arm
