#include "base/strict_json.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/json/basic_parser_impl.hpp>

namespace peering {

namespace {

/// Hears a JSON text and keeps the names of each object until its end.
class NameCounter {
 public:
  static constexpr std::size_t max_object_size = std::size_t(-1);
  static constexpr std::size_t max_array_size = std::size_t(-1);
  static constexpr std::size_t max_key_size = std::size_t(-1);
  static constexpr std::size_t max_string_size = std::size_t(-1);

  const std::optional<std::string>& repeated() const { return repeated_; }

  bool on_object_begin(json::error_code&) {
    begins_.push_back(names_.size());
    return true;
  }
  bool on_object_end(std::size_t, json::error_code&) {
    const auto first = names_.begin() + static_cast<std::ptrdiff_t>(begins_.back());
    std::sort(first, names_.end());
    const auto twice = std::adjacent_find(first, names_.end());
    if (twice != names_.end()) repeated_ = *twice;
    names_.erase(first, names_.end());
    begins_.pop_back();
    return !repeated_;
  }
  bool on_key_part(json::string_view part, std::size_t, json::error_code&) {
    name_.append(part.data(), part.size());
    return true;
  }
  bool on_key(json::string_view part, std::size_t, json::error_code&) {
    name_.append(part.data(), part.size());
    names_.push_back(std::exchange(name_, {}));
    return true;
  }
  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }
  bool on_array_begin(json::error_code&) { return true; }
  bool on_array_end(std::size_t, json::error_code&) { return true; }
  bool on_string_part(json::string_view, std::size_t, json::error_code&) { return true; }
  bool on_string(json::string_view, std::size_t, json::error_code&) { return true; }
  bool on_number_part(json::string_view, json::error_code&) { return true; }
  bool on_int64(std::int64_t, json::string_view, json::error_code&) { return true; }
  bool on_uint64(std::uint64_t, json::string_view, json::error_code&) { return true; }
  bool on_double(double, json::string_view, json::error_code&) { return true; }
  bool on_bool(bool, json::error_code&) { return true; }
  bool on_null(json::error_code&) { return true; }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }

 private:
  std::vector<std::string> names_;   // of all open objects, the outermost first
  std::vector<std::size_t> begins_;  // where the names of each open object begin
  std::string name_;                 // what was heard of one so far
  std::optional<std::string> repeated_;
};

}  // namespace

Result<json::value> parse_json_strictly(std::string_view text) {
  auto value = parse_json(text);
  if (!value) return value;
  json::basic_parser<NameCounter> parser{json::parse_options()};
  json::error_code error;
  parser.write_some(false, text.data(), text.size(), error);
  if (const auto& repeated = parser.handler().repeated()) {
    return tl::unexpected(invalid("member", *repeated, "it comes twice in one object"));
  }
  return value;
}

}  // namespace peering
