#include "api/arm/filter.h"

#include <array>
#include <optional>

#include "api/arm/names.h"

namespace peering::api::arm {

namespace {

struct Token {
  std::string text;
  bool quoted = false;
};

// Reads words and quoted literals one by one.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  // Nothing at the end; an error for an open quote or a character that begins no token.
  Result<std::optional<Token>> next() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
    if (at_ == text_.size()) return std::optional<Token>{};
    if (text_[at_] == '\'') return quoted();
    const std::size_t start = at_;
    while (at_ < text_.size() && text_[at_] != ' ' && text_[at_] != '\'' && text_[at_] != '(' &&
           text_[at_] != ')') {
      ++at_;
    }
    if (at_ == start) return wrong("parentheses and functions are not supported");
    return std::optional<Token>(Token{std::string(text_.substr(start, at_ - start)), false});
  }

  tl::unexpected<Error> wrong(std::string_view rule) const {
    return tl::unexpected(
        invalid("$filter", text_,
                fmt::format("{} (at character {}); e.g. firstSeen ge 2026-11-23T10:00:00Z and level eq "
                            "'Critical'",
                            rule, at_ + 1)));
  }

 private:
  Result<std::optional<Token>> quoted() {
    Token out{"", true};
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] != '\'') {
        out.text += text_[at_];
      } else if (at_ + 1 < text_.size() && text_[at_ + 1] == '\'') {
        out.text += '\'';
        ++at_;
      } else {
        ++at_;
        return std::optional<Token>(std::move(out));
      }
    }
    return wrong("a quote is not closed");
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

std::optional<Comparison> parse_comparison(std::string_view word) {
  constexpr std::array<std::string_view, 6> words = {"eq", "ne", "gt", "ge", "lt", "le"};
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (same_name(word, words[i])) return static_cast<Comparison>(i);
  }
  return std::nullopt;
}

// `field operator literal`; the field is already read.
Result<FilterTerm> term(Scanner& scanner, const Token& field) {
  if (field.quoted) return scanner.wrong("a comparison begins with a field's name");
  const auto word = scanner.next();
  if (!word) return tl::unexpected(word.error());
  const auto comparison = *word && !(*word)->quoted ? parse_comparison((*word)->text) : std::nullopt;
  if (!comparison) return scanner.wrong("a field is followed by eq, ne, gt, ge, lt or le");
  const auto literal = scanner.next();
  if (!literal) return tl::unexpected(literal.error());
  if (!*literal) return scanner.wrong("a comparison ends with a value");
  return FilterTerm{field.text, *comparison, (*literal)->text};
}

}  // namespace

Result<std::vector<FilterTerm>> parse_filter(std::string_view text) {
  Scanner scanner(text);
  if (text.size() > filter_bytes_max) return scanner.wrong("at most 2048 characters");
  std::vector<FilterTerm> out;
  auto token = scanner.next();
  while (token && *token) {
    if (out.size() == filter_terms_max) return scanner.wrong("at most 16 comparisons");
    auto read = term(scanner, **token);
    if (!read) return tl::unexpected(read.error());
    out.push_back(std::move(*read));
    token = scanner.next();
    if (!token || !*token) break;
    if ((*token)->quoted || !same_name((*token)->text, "and")) {
      return scanner.wrong("comparisons are joined by and");
    }
    token = scanner.next();
    if (token && !*token) return scanner.wrong("and is followed by a comparison");
  }
  if (!token) return tl::unexpected(token.error());
  return out;
}

}  // namespace peering::api::arm
