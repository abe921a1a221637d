// The query part of a request's target.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace peering::api::arm {

/// Decoded parameters in order. Names compare without case, as clients write `$skipToken` and `$skiptoken`.
class Query {
 public:
  /// The text after '?'. Refuses broken escapes, what is no UTF-8, too many parameters, and one that comes
  /// twice: which of them counts would be a guess.
  static Result<Query> parse(std::string_view text);

  /// The first parameter of the name.
  std::optional<std::string> get(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& all() const { return parameters_; }

 private:
  std::vector<std::pair<std::string, std::string>> parameters_;
};

}  // namespace peering::api::arm
