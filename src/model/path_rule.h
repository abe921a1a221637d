// What paths of a watched prefix must not look like: regular expressions and lengths.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace re2 {
class RE2;
}

namespace peering::model {

/// A regular expression in RE2's syntax, compiled once: matching takes time linear in the path, whatever the
/// expression. A value; copies share what was compiled. Thread-safe.
class PathPattern {
 public:
  /// At most 1024 bytes, and 1 MiB compiled. The error says what is wrong with it.
  static Result<PathPattern> parse(std::string_view text);

  const std::string& text() const { return text_; }
  /// True when it matches anywhere in the path.
  bool matches(std::string_view path) const;
  friend bool operator==(const PathPattern& a, const PathPattern& b) { return a.text_ == b.text_; }

 private:
  std::string text_;
  std::shared_ptr<const re2::RE2> compiled_;
};

/// One rule: what it says, all together, is what must not be seen.
struct PathRule {
  std::optional<PathPattern> match;                     ///< the path matches
  std::optional<PathPattern> not_match;                 ///< the path does not match
  std::optional<std::uint32_t> length_min, length_max;  ///< the path is shorter, or longer, in AS numbers
  std::string description;

  /// `path` is written "1,2,3", prepends kept, and has `length` AS numbers.
  bool fires(std::string_view path, std::size_t length) const;
  friend bool operator==(const PathRule&, const PathRule&) = default;
};

/// Reads one element of `path`. Keys that are not known are appended to `unknown`. The error names the key,
/// its value and the rule: also when no key says what to look for, or `minLength` is above `maxLength`.
Result<PathRule> path_rule_from_json(const json::value& value, std::vector<std::string>& unknown);
json::value to_json(const PathRule& rule);

}  // namespace peering::model
