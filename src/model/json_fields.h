// Reading a stored record field by field: the first missing or wrong field becomes the error, and the reader
// can be written as a list of fields without a branch after each.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "net/prefix.h"

namespace peering::model {

/// Reads members of one object. After an error every further read gives an empty value.
class Fields {
 public:
  explicit Fields(const json::value& object);

  std::string text(std::string_view key);
  double real(std::string_view key);
  std::int64_t integer(std::string_view key);
  TimePoint time(std::string_view key);
  net::Prefix prefix(std::string_view key);
  /// Absent gives nothing; present must be a number from 0 to 4294967295.
  std::optional<std::uint32_t> optional_number(std::string_view key);
  /// Absent gives an empty list.
  std::vector<std::uint32_t> numbers(std::string_view key);
  const json::array& array(std::string_view key);
  template <class E, class Parse>
  E named(std::string_view key, Parse parse) {
    const std::string name = text(key);
    if (error_) return E{};
    const std::optional<E> value = parse(name);
    if (!value) fail_with(invalid(key, name, "one of the documented names"));
    return value.value_or(E{});
  }

  const std::optional<Error>& error() const { return error_; }
  void take_error(const Fields& inner) {
    if (inner.error_) fail_with(*inner.error_);
  }

 private:
  const json::value* member(std::string_view key, std::string_view rule);
  void fail_with(Error error) {
    if (!error_) error_ = std::move(error);
  }

  const json::value& object_;
  std::optional<Error> error_;
};

}  // namespace peering::model
