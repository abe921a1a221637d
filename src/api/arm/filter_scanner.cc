#include "api/arm/filter_scanner.h"

#include <algorithm>

#include "api/arm/names.h"

namespace peering::api::arm {

bool FilterToken::is(std::string_view other) const { return !quoted && same_name(text, other); }

Result<std::optional<FilterToken>> FilterScanner::next() {
  while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  if (at_ == text_.size()) return std::optional<FilterToken>{};
  if (text_[at_] == '\'') return quoted();
  const std::size_t start = at_;
  at_ = std::min(text_.find_first_of(" '()", at_), text_.size());
  if (at_ == start) ++at_;  // a parenthesis
  return std::optional<FilterToken>(FilterToken{std::string(text_.substr(start, at_ - start)), false});
}

tl::unexpected<Error> FilterScanner::wrong(std::string_view rule) const {
  return tl::unexpected(
      invalid("$filter", text_, fmt::format("{} (at character {}); e.g. {}", rule, at_ + 1, example_)));
}

Result<std::optional<FilterToken>> FilterScanner::quoted() {
  FilterToken out{"", true};
  for (++at_; at_ < text_.size(); ++at_) {
    if (text_[at_] != '\'') {
      out.text += text_[at_];
    } else if (at_ + 1 < text_.size() && text_[at_ + 1] == '\'') {
      out.text += '\'';
      ++at_;
    } else {
      ++at_;
      return std::optional<FilterToken>(std::move(out));
    }
  }
  return wrong("a quote is not closed");
}

}  // namespace peering::api::arm
