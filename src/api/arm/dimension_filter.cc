#include "api/arm/dimension_filter.h"

#include <algorithm>
#include <optional>

#include "api/arm/filter_scanner.h"
#include "api/arm/names.h"

namespace peering::api::arm {

namespace {

constexpr std::string_view dimension_example = "PrefixName eq 'a' or PrefixName eq 'b'";

using Operator = DimensionTerm::Operator;

std::optional<Operator> parse_operator(const FilterToken& token) {
  if (token.is("eq")) return Operator::equal;
  if (token.is("ne")) return Operator::not_equal;
  if (token.is("sw") || token.is("startswith")) return Operator::starts_with;
  return std::nullopt;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : scanner_(text, dimension_example) {}

  Result<std::vector<DimensionCondition>> parse() {
    std::vector<DimensionCondition> out;
    if (auto ok = advance(); !ok) return tl::unexpected(ok.error());
    if (!token_) return out;
    while (true) {
      auto read = condition();
      if (!read) return tl::unexpected(read.error());
      out.push_back(std::move(*read));
      if (!token_) return out;
      if (!token_->is("and")) return scanner_.wrong("conditions are joined by and");
      if (auto ok = advance(); !ok) return tl::unexpected(ok.error());
    }
  }

 private:
  Result<void> advance() {
    auto token = scanner_.next();
    if (!token) return tl::unexpected(token.error());
    token_ = std::move(*token);
    return {};
  }

  // `term [or term]…`, perhaps in parentheses.
  Result<DimensionCondition> condition() {
    const bool enclosed = token_ && token_->is("(");
    if (enclosed) {
      if (auto ok = advance(); !ok) return tl::unexpected(ok.error());
    }
    DimensionCondition out;
    while (true) {
      if (auto ok = term(out); !ok) return tl::unexpected(ok.error());
      if (!token_ || !token_->is("or")) break;
      if (auto ok = advance(); !ok) return tl::unexpected(ok.error());
    }
    if (!enclosed) return out;
    if (!token_ || !token_->is(")")) return scanner_.wrong("a parenthesis is not closed");
    if (auto ok = advance(); !ok) return tl::unexpected(ok.error());
    return out;
  }

  // `dimension operator value`, added to the condition of the dimension.
  Result<void> term(DimensionCondition& out) {
    if (!token_ || token_->quoted || token_->is("(") || token_->is(")")) {
      return scanner_.wrong("a condition begins with a dimension's name");
    }
    if (out.dimension.empty()) out.dimension = token_->text;
    if (!same_name(out.dimension, token_->text)) {
      return scanner_.wrong("or joins values of one dimension only");
    }
    if (auto ok = advance(); !ok) return ok;
    const auto op = token_ ? parse_operator(*token_) : std::nullopt;
    if (!op) return scanner_.wrong("a dimension is followed by eq, ne or sw");
    if (auto ok = advance(); !ok) return ok;
    if (!token_ || !token_->quoted) return scanner_.wrong("a condition ends with a value in single quotes");
    if (++terms_ > dimension_terms_max) return scanner_.wrong("at most 100 values");
    out.any_of.push_back({*op, token_->text});
    return advance();
  }

  FilterScanner scanner_;
  std::optional<FilterToken> token_;
  std::size_t terms_ = 0;
};

bool allows_value(const DimensionTerm& term, std::string_view value) {
  switch (term.op) {
    case Operator::not_equal:
      return !same_name(term.value, value);
    case Operator::starts_with:
      return value.size() >= term.value.size() && same_name(term.value, value.substr(0, term.value.size()));
    default:
      return term.value == "*" || same_name(term.value, value);
  }
}

}  // namespace

bool DimensionCondition::allows(std::string_view value) const {
  return std::ranges::any_of(any_of, [&](const DimensionTerm& term) { return allows_value(term, value); });
}

Result<std::vector<DimensionCondition>> parse_dimension_filter(std::string_view text) {
  if (text.size() > dimension_filter_bytes_max) {
    return FilterScanner(text.substr(0, 100), dimension_example).wrong("at most 8192 characters");
  }
  return Parser(text).parse();
}

}  // namespace peering::api::arm
