#include "api/template/expression.h"

#include <charconv>

namespace peering::api::tmpl {

namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<Node> whole() {
    at_ = 1;
    auto out = expression(0);
    if (!out) return out;
    skip_blanks();
    if (at_ + 1 != text_.size()) return wrong("the end of the expression");
    return out;
  }

 private:
  char peek() const { return at_ + 1 < text_.size() ? text_[at_] : '\0'; }
  void skip_blanks() {
    while (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r') ++at_;
  }
  bool take(char c) {
    skip_blanks();
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  tl::unexpected<Error> wrong(std::string_view expected) const {
    return fail(ErrorCode::invalid_argument,
                "the expression '{}' is not valid at position {}: {} is expected", text_.substr(0, 200), at_,
                expected);
  }

  Result<Node> expression(int depth) {
    if (depth > expression_depth_max) {
      return fail(ErrorCode::invalid_argument, "the expression is nested deeper than {}",
                  expression_depth_max);
    }
    auto out = primary(depth);
    for (int links = 0; out; ++links) {
      if (links > expression_depth_max) {
        return fail(ErrorCode::invalid_argument, "the expression has more than {} accesses in a row",
                    expression_depth_max);
      }
      Node node;
      node.at = at_;
      if (take('.')) {
        auto member = name();
        if (!member) return tl::unexpected(member.error());
        node.kind = Node::Kind::member;
        node.text = std::move(*member);
        node.children.push_back(std::move(*out));
      } else if (take('[')) {
        auto index = expression(depth + 1);
        if (!index) return index;
        if (!take(']')) return wrong("']'");
        node.kind = Node::Kind::index;
        node.children.push_back(std::move(*out));
        node.children.push_back(std::move(*index));
      } else {
        return out;
      }
      out = std::move(node);
    }
    return out;
  }

  Result<std::string> name() {
    skip_blanks();
    if (!is_letter(peek())) return wrong("a name");
    const std::size_t start = at_;
    while (is_letter(peek()) || is_digit(peek())) ++at_;
    return std::string(text_.substr(start, at_ - start));
  }

  Result<Node> primary(int depth) {
    skip_blanks();
    Node out;
    out.at = at_;
    if (peek() == '\'') return literal(std::move(out));
    if (is_digit(peek()) || peek() == '-' || peek() == '+') return number(std::move(out));
    auto called = name();
    if (!called) return wrong("a function, a text in '…' or a whole number");
    out.kind = Node::Kind::call;
    out.text = std::move(*called);
    if (!take('(')) return wrong("'(' after the function's name");
    if (take(')')) return out;
    while (true) {
      auto argument = expression(depth + 1);
      if (!argument) return argument;
      out.children.push_back(std::move(*argument));
      if (take(')')) return out;
      if (!take(',')) return wrong("',' or ')'");
    }
  }

  Result<Node> literal(Node out) {
    ++at_;
    while (at_ + 1 < text_.size()) {
      const char c = text_[at_++];
      if (c != '\'') {
        out.text += c;
      } else if (peek() == '\'') {
        out.text += text_[at_++];
      } else {
        return out;
      }
    }
    return wrong("the closing '");
  }

  Result<Node> number(Node out) {
    if (peek() == '+') ++at_;
    const char* end = text_.data() + text_.size() - 1;
    const auto [stopped, error] = std::from_chars(text_.data() + at_, end, out.number);
    if (error != std::errc()) return wrong("a whole number of 64 bits");
    at_ = static_cast<std::size_t>(stopped - text_.data());
    out.kind = Node::Kind::number;
    return out;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

bool is_expression(std::string_view text) {
  return text.size() >= 2 && text.front() == '[' && text.back() == ']' && !text.starts_with("[[");
}

std::string literal_of(std::string_view text) {
  return std::string(text.starts_with("[[") ? text.substr(1) : text);
}

Result<Node> parse_expression(std::string_view text) {
  if (!is_expression(text)) return fail(ErrorCode::invalid_argument, "no expression in '[' and ']'");
  if (text.size() > expression_bytes_max) {
    return fail(ErrorCode::limit_exceeded, "an expression has at most {} bytes", expression_bytes_max);
  }
  return Parser(text).whole();
}

}  // namespace peering::api::tmpl
