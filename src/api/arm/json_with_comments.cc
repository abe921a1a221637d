#include "api/arm/json_with_comments.h"

#include <algorithm>

#include <fmt/format.h>

namespace peering::api::arm {

namespace {

constexpr std::string_view blanks = " \t\r\n";

bool is_of_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$';
}

class Rewriter {
 public:
  explicit Rewriter(std::string_view text) : text_(text) { out_.reserve(text.size()); }

  std::string run() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"') {
        copy_string();
      } else if (rest().starts_with("//")) {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (rest().starts_with("/*")) {
        skip_block();
      } else {
        if (c == '}' || c == ']') drop_comma();
        if (c == ':') quote_name();
        out_ += c;
        ++at_;
      }
    }
    return std::move(out_);
  }

 private:
  std::string_view rest() const { return text_.substr(at_); }

  void copy_string() {
    out_ += text_[at_++];
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (static_cast<unsigned char>(c) < 0x20) {
        out_ += fmt::format("\\u{:04x}", c);
        continue;
      }
      out_ += c;
      if (c == '"') return;
      if (c == '\\' && at_ < text_.size()) out_ += text_[at_++];
    }
  }

  void skip_block() {
    const std::size_t end = text_.find("*/", at_ + 2);
    at_ = end == std::string_view::npos ? text_.size() : end + 2;
    out_ += ' ';
  }

  // The word that ends what there is, before a colon.
  void quote_name() {
    const std::size_t last = out_.find_last_not_of(blanks);
    if (last == std::string::npos || !is_of_name(out_[last])) return;
    std::size_t first = last;
    while (first > 0 && is_of_name(out_[first - 1])) --first;
    out_.insert(last + 1, 1, '"');
    out_.insert(first, 1, '"');
  }

  void drop_comma() {
    const std::size_t last = out_.find_last_not_of(blanks);
    if (last != std::string::npos && out_[last] == ',') out_.erase(last, 1);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string out_;
};

}  // namespace

std::string without_comments(std::string_view text) { return Rewriter(text).run(); }

}  // namespace peering::api::arm
