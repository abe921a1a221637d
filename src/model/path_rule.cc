#include "model/path_rule.h"

#include <re2/re2.h>

namespace peering::model {

namespace {

constexpr std::size_t pattern_bytes_max = 1024;
constexpr std::int64_t compiled_bytes_max = 1024 * 1024;

Result<PathPattern> read_pattern(std::string_view key, const json::value& value) {
  if (!value.is_string()) return tl::unexpected(invalid(key, json::serialize(value), "a regular expression"));
  auto pattern = PathPattern::parse(std::string_view(value.get_string()));
  if (!pattern) return tl::unexpected(invalid(key, value.get_string(), pattern.error().message));
  return pattern;
}

Result<std::uint32_t> read_length(std::string_view key, const json::value& value) {
  json::error_code wrong;
  const auto out = value.is_number() ? value.to_number<std::uint32_t>(wrong) : 0;
  if (wrong || !value.is_number()) {
    return tl::unexpected(invalid(key, json::serialize(value), "a number of AS numbers, 0 or more"));
  }
  return out;
}

template <class Value>
Result<void> take(std::optional<Value>& into, Result<Value> read) {
  if (!read) return tl::unexpected(read.error());
  into = std::move(*read);
  return {};
}

Result<void> read_member(std::string_view key, const json::value& value, PathRule& out,
                         std::vector<std::string>& unknown) {
  if (key == "match") return take(out.match, read_pattern("path.match", value));
  if (key == "notMatch") return take(out.not_match, read_pattern("path.notMatch", value));
  if (key == "minLength") return take(out.length_min, read_length("path.minLength", value));
  if (key == "maxLength") return take(out.length_max, read_length("path.maxLength", value));
  if (key == "description") {
    if (!value.is_string()) {
      return tl::unexpected(invalid("path.description", json::serialize(value), "a text"));
    }
    out.description = std::string(value.get_string());
    return {};
  }
  unknown.push_back(fmt::format("path.{}", key));
  return {};
}

}  // namespace

Result<PathPattern> PathPattern::parse(std::string_view text) {
  if (text.size() > pattern_bytes_max) {
    return fail(ErrorCode::invalid_argument, "at most {} bytes", pattern_bytes_max);
  }
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(compiled_bytes_max);
  PathPattern out;
  out.text_ = std::string(text);
  auto compiled = std::make_shared<const re2::RE2>(re2::StringPiece(text.data(), text.size()), options);
  if (!compiled->ok()) {
    return fail(ErrorCode::invalid_argument, "a regular expression of RE2's syntax ({})", compiled->error());
  }
  out.compiled_ = std::move(compiled);
  return out;
}

bool PathPattern::matches(std::string_view path) const {
  return compiled_ && re2::RE2::PartialMatch(re2::StringPiece(path.data(), path.size()), *compiled_);
}

bool PathRule::fires(std::string_view path, std::size_t length) const {
  if (match && !match->matches(path)) return false;
  if (not_match && not_match->matches(path)) return false;
  if (!length_min && !length_max) return true;
  return (length_min && length < *length_min) || (length_max && length > *length_max);
}

Result<PathRule> path_rule_from_json(const json::value& value, std::vector<std::string>& unknown) {
  if (!value.is_object()) return tl::unexpected(invalid("path", json::serialize(value), "a list of objects"));
  PathRule out;
  for (const auto& member : value.get_object()) {
    const std::string_view key(member.key().data(), member.key().size());
    if (auto read = read_member(key, member.value(), out, unknown); !read)
      return tl::unexpected(read.error());
  }
  if (!out.match && !out.not_match && !out.length_min && !out.length_max) {
    return tl::unexpected(
        invalid("path", json::serialize(value), "one of match, notMatch, minLength, maxLength"));
  }
  if (out.length_min && out.length_max && *out.length_min > *out.length_max) {
    return tl::unexpected(invalid("path", json::serialize(value), "minLength must not be above maxLength"));
  }
  return out;
}

json::value to_json(const PathRule& rule) {
  json::object out;
  if (rule.match) out["match"] = rule.match->text();
  if (rule.not_match) out["notMatch"] = rule.not_match->text();
  if (rule.length_min) out["minLength"] = *rule.length_min;
  if (rule.length_max) out["maxLength"] = *rule.length_max;
  if (!rule.description.empty()) out["description"] = rule.description;
  return out;
}

}  // namespace peering::model
