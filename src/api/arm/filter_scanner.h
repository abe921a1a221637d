// The words of an OData `$filter`: what its parsers share.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace peering::api::arm {

/// A word, a literal without its quotes ('' inside became '), or a parenthesis.
struct FilterToken {
  std::string text;
  bool quoted = false;

  /// An unquoted word that is `other`, compared without case.
  bool is(std::string_view other) const;
};

/// Reads tokens one by one.
class FilterScanner {
 public:
  /// `example`: a filter as it should be, for messages.
  FilterScanner(std::string_view text, std::string_view example) : text_(text), example_(example) {}

  /// Nothing at the end; an error for a quote that is not closed.
  Result<std::optional<FilterToken>> next();
  /// An error at the place where the scanner is.
  tl::unexpected<Error> wrong(std::string_view rule) const;

 private:
  Result<std::optional<FilterToken>> quoted();

  std::string_view text_, example_;
  std::size_t at_ = 0;
};

}  // namespace peering::api::arm
