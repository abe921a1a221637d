#include "http/query.h"

#include <algorithm>

#include "base/utf8.h"
#include "http/same_name.h"

namespace peering::http {

namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Calls `visit` with every piece between separators.
template <class Visit>
Result<void> for_pieces(std::string_view text, char separator, Visit visit) {
  std::size_t count = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    const std::string_view piece = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (piece.empty()) continue;
    if (++count > target_parts_max) {
      return fail(ErrorCode::invalid_argument, "the target has more than {} parts", target_parts_max);
    }
    if (Result<void> done = visit(piece); !done) return done;
  }
  return {};
}

}  // namespace

std::optional<std::string_view> Target::parameter(std::string_view name) const {
  for (const auto& [key, value] : parameters) {
    if (same_name(key, name)) return value;
  }
  return std::nullopt;
}

Result<std::string> percent_decode(std::string_view text, bool plus_is_blank) {
  // Most texts are what they mean.
  const auto is_plain = [&](char c) { return c > '\0' && c != '%' && !(c == '+' && plus_is_blank); };
  if (std::ranges::all_of(text, is_plain)) return std::string(text);
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
      const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
      if (low < 0)
        return tl::unexpected(invalid("target", text, "'%' is followed by two hexadecimal digits"));
      c = static_cast<char>(high << 4 | low);
      i += 2;
    } else if (c == '+' && plus_is_blank) {
      c = ' ';
    }
    if (c == '\0') return tl::unexpected(invalid("target", text, "no NUL bytes"));
    out += c;
  }
  if (!is_utf8(out)) return tl::unexpected(invalid("target", text, "UTF-8 behind the percent-encoding"));
  return out;
}

std::string percent_encode(std::string_view text) {
  static constexpr std::string_view plain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  std::string out;
  for (const char c : text) {
    if (plain.find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

Result<Target> parse_target(std::string_view target) {
  Target out;
  const std::size_t mark = std::min(target.find('?'), target.size());
  const auto add_segment = [&](std::string_view piece) -> Result<void> {
    auto decoded = percent_decode(piece);
    if (!decoded) return tl::unexpected(decoded.error());
    out.segments.push_back(std::move(*decoded));
    return {};
  };
  const auto add_parameter = [&](std::string_view piece) -> Result<void> {
    const std::size_t equals = std::min(piece.find('='), piece.size());
    auto name = percent_decode(piece.substr(0, equals), true);
    auto value = percent_decode(piece.substr(std::min(equals + 1, piece.size())), true);
    if (!name) return tl::unexpected(name.error());
    if (!value) return tl::unexpected(value.error());
    out.parameters.emplace_back(std::move(*name), std::move(*value));
    return {};
  };
  if (auto done = for_pieces(target.substr(0, mark), '/', add_segment); !done)
    return tl::unexpected(done.error());
  const std::string_view query = target.substr(std::min(mark + 1, target.size()));
  if (auto done = for_pieces(query, '&', add_parameter); !done) return tl::unexpected(done.error());
  return out;
}

}  // namespace peering::http
