#include "api/arm/filter.h"

#include <array>
#include <optional>

#include "api/arm/filter_scanner.h"
#include "api/arm/names.h"

namespace peering::api::arm {

namespace {

constexpr std::string_view example = "firstSeen ge 2026-11-23T10:00:00Z and level eq 'Critical'";

// The next token, which is no parenthesis.
Result<std::optional<FilterToken>> next_word(FilterScanner& scanner) {
  auto token = scanner.next();
  if (token && *token && ((*token)->is("(") || (*token)->is(")"))) {
    return scanner.wrong("parentheses and functions are not supported");
  }
  return token;
}

std::optional<Comparison> parse_comparison(std::string_view word) {
  constexpr std::array<std::string_view, 6> words = {"eq", "ne", "gt", "ge", "lt", "le"};
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (same_name(word, words[i])) return static_cast<Comparison>(i);
  }
  return std::nullopt;
}

// `field operator literal`; the field is already read.
Result<FilterTerm> term(FilterScanner& scanner, const FilterToken& field) {
  if (field.quoted) return scanner.wrong("a comparison begins with a field's name");
  const auto word = next_word(scanner);
  if (!word) return tl::unexpected(word.error());
  const auto comparison = *word && !(*word)->quoted ? parse_comparison((*word)->text) : std::nullopt;
  if (!comparison) return scanner.wrong("a field is followed by eq, ne, gt, ge, lt or le");
  const auto literal = next_word(scanner);
  if (!literal) return tl::unexpected(literal.error());
  if (!*literal) return scanner.wrong("a comparison ends with a value");
  return FilterTerm{field.text, *comparison, (*literal)->text};
}

}  // namespace

Result<std::vector<FilterTerm>> parse_filter(std::string_view text) {
  FilterScanner scanner(text, example);
  if (text.size() > filter_bytes_max) return scanner.wrong("at most 2048 characters");
  std::vector<FilterTerm> out;
  auto token = next_word(scanner);
  while (token && *token) {
    if (out.size() == filter_terms_max) return scanner.wrong("at most 16 comparisons");
    auto read = term(scanner, **token);
    if (!read) return tl::unexpected(read.error());
    out.push_back(std::move(*read));
    token = next_word(scanner);
    if (!token || !*token) break;
    if (!(*token)->is("and")) {
      return scanner.wrong("comparisons are joined by and");
    }
    token = next_word(scanner);
    if (token && !*token) return scanner.wrong("and is followed by a comparison");
  }
  if (!token) return tl::unexpected(token.error());
  return out;
}

bool holds(std::weak_ordering order, Comparison comparison) {
  switch (comparison) {
    case Comparison::eq:
      return order == 0;
    case Comparison::ne:
      return order != 0;
    case Comparison::gt:
      return order > 0;
    case Comparison::ge:
      return order >= 0;
    case Comparison::lt:
      return order < 0;
    case Comparison::le:
      return order <= 0;
  }
  return false;
}

tl::unexpected<Error> wrong(const FilterTerm& term, std::string_view rule) {
  return tl::unexpected(invalid(fmt::format("$filter {}", term.field), term.literal, rule));
}

}  // namespace peering::api::arm
