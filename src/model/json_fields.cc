#include "model/json_fields.h"

namespace peering::model {

namespace {

std::optional<std::uint32_t> as_number(const json::value& value) {
  json::error_code error;
  const auto number = value.is_number() ? value.to_number<std::uint32_t>(error) : 0;
  if (error || !value.is_number()) return std::nullopt;
  return number;
}

}  // namespace

Fields::Fields(const json::value& object) : object_(object) {
  if (!object.is_object()) fail_with(invalid("record", json::serialize(object), "a JSON object"));
}

const json::value* Fields::member(std::string_view key, std::string_view rule) {
  if (error_) return nullptr;
  const json::value* found = find(object_, key);
  if (!found) fail_with(invalid(key, "", rule));
  return found;
}

std::string Fields::text(std::string_view key) {
  const json::value* found = member(key, "a text is required");
  if (!found) return {};
  if (!found->is_string()) {
    fail_with(invalid(key, json::serialize(*found), "a text"));
    return {};
  }
  return std::string(found->get_string());
}

double Fields::real(std::string_view key) {
  const json::value* found = member(key, "a number is required");
  if (!found) return 0;
  json::error_code error;
  const double number = found->to_number<double>(error);
  if (error) fail_with(invalid(key, json::serialize(*found), "a number"));
  return error ? 0 : number;
}

std::int64_t Fields::integer(std::string_view key) {
  const json::value* found = member(key, "a whole number is required");
  if (!found) return 0;
  json::error_code error;
  const auto number = found->to_number<std::int64_t>(error);
  if (error) fail_with(invalid(key, json::serialize(*found), "a whole number"));
  return error ? 0 : number;
}

TimePoint Fields::time(std::string_view key) {
  const std::string value = text(key);
  if (error_) return {};
  const auto parsed = parse_rfc3339(value);
  if (!parsed) fail_with(invalid(key, value, "an RFC 3339 date-time"));
  return parsed.value_or(TimePoint{});
}

net::Prefix Fields::prefix(std::string_view key) {
  const std::string value = text(key);
  if (error_) return {};
  const auto parsed = net::Prefix::parse(value);
  if (!parsed) fail_with(parsed.error());
  return parsed.value_or(net::Prefix{});
}

std::optional<std::uint32_t> Fields::optional_number(std::string_view key) {
  const json::value* found = error_ ? nullptr : find(object_, key);
  if (!found) return std::nullopt;
  const auto number = as_number(*found);
  if (!number) fail_with(invalid(key, json::serialize(*found), "a number from 0 to 4294967295"));
  return number;
}

std::vector<std::uint32_t> Fields::numbers(std::string_view key) {
  std::vector<std::uint32_t> out;
  for (const json::value& item : array(key)) {
    const auto number = as_number(item);
    if (!number) {
      fail_with(invalid(key, json::serialize(item), "numbers from 0 to 4294967295"));
      break;
    }
    out.push_back(*number);
  }
  return out;
}

const json::array& Fields::array(std::string_view key) {
  static const json::array empty;
  const json::value* found = error_ ? nullptr : find(object_, key);
  if (!found) return empty;
  if (!found->is_array()) {
    fail_with(invalid(key, json::serialize(*found), "a list"));
    return empty;
  }
  return found->get_array();
}

}  // namespace peering::model
