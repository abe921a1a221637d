#include "wire/syslog/message.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

namespace peering::wire::syslog {

namespace {

constexpr unsigned priority_max = 191;
constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
constexpr std::size_t count_digits_max = 5;

tl::unexpected<Error> malformed(std::string what) {
  return tl::unexpected(Error{ErrorCode::corrupt, std::move(what)});
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// What comes before the next blank, taken away together with it; nothing without a blank.
std::optional<std::string_view> take_word(std::string_view& rest) {
  const std::size_t blank = rest.find(' ');
  if (blank == std::string_view::npos || blank == 0) return std::nullopt;
  const std::string_view word = rest.substr(0, blank);
  rest.remove_prefix(blank + 1);
  return word;
}

std::string_view unless_nil(std::string_view word) { return word == "-" ? std::string_view() : word; }

std::string_view without_end(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == '\0'))
    text.remove_suffix(1);
  return text;
}

// "<34>"; false when there is none.
Result<bool> take_priority(std::string_view& rest, Message& out) {
  const std::size_t end = rest.find('>');
  if (!rest.starts_with('<') || end == std::string_view::npos || end < 2 || end > 4) return false;
  const std::string_view digits = rest.substr(1, end - 1);
  if (!std::all_of(digits.begin(), digits.end(), is_digit)) return false;
  unsigned value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (value > priority_max) return malformed(fmt::format("priority {} is above {}", value, priority_max));
  out.priority = static_cast<std::uint8_t>(value);
  rest.remove_prefix(end + 1);
  return true;
}

// Elements in brackets, whose values are quoted, with ", \ and ] escaped (RFC 5424 section 6.3).
bool take_structured_data(std::string_view& rest) {
  if (rest.starts_with('-')) {
    rest.remove_prefix(1);
    return true;
  }
  bool quoted = false, inside = false, any = false;
  for (std::size_t at = 0; at < rest.size(); ++at) {
    const char c = rest[at];
    if (quoted) {
      if (c == '\\') ++at;
      if (c == '"') quoted = false;
    } else if (inside) {
      if (c == '"') quoted = true;
      if (c == ']') inside = false;
    } else if (c == '[') {
      inside = any = true;
    } else {
      rest.remove_prefix(at);
      return any;
    }
  }
  rest = {};
  return any && !inside && !quoted;
}

Result<Message> parse_rfc5424(std::string_view rest, Message out) {
  const auto time = take_word(rest), host = take_word(rest), application = take_word(rest),
             process = take_word(rest), id = take_word(rest);
  if (!time || !host || !application || !process || !id) {
    return malformed("a message of RFC 5424 needs time, host, application, process and message id");
  }
  if (*time != "-") {
    const auto at = parse_rfc3339(*time);
    if (!at)
      return malformed(fmt::format("the time of a message of RFC 5424 is none: {}", at.error().message));
    out.time = *at;
  }
  out.host = unless_nil(*host);
  out.application = unless_nil(*application);
  if (!take_structured_data(rest)) return malformed("structured data of RFC 5424 does not end");
  if (!rest.empty() && !rest.starts_with(' '))
    return malformed("structured data of RFC 5424 is followed by no blank");
  if (!rest.empty()) rest.remove_prefix(1);
  if (rest.starts_with(byte_order_mark)) rest.remove_prefix(byte_order_mark.size());
  out.content = without_end(rest);
  return out;
}

// "Nov 23 16:13:36 ", the day filled up with a blank.
bool take_rfc3164_time(std::string_view& rest) {
  constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  constexpr std::string_view form = "Mmm dd hh:mm:ss ";
  if (rest.size() < form.size() || std::find(months.begin(), months.end(), rest.substr(0, 3)) == months.end())
    return false;
  for (std::size_t at = 3; at < form.size(); ++at) {
    const bool number = form[at] != ' ' && form[at] != ':';
    if (number ? !is_digit(rest[at]) && !(at == 4 && rest[at] == ' ') : rest[at] != form[at]) return false;
  }
  rest.remove_prefix(form.size());
  return true;
}

// "nginx:", "haproxy[24033]:".
std::optional<std::string_view> tag_of(std::string_view word) {
  if (!word.ends_with(':') || word.size() < 2) return std::nullopt;
  word.remove_suffix(1);
  return word.substr(0, word.find('['));
}

// Senders on the same machine leave the host out: then the tag comes at once.
void parse_rfc3164(std::string_view rest, Message& out) {
  if (!take_rfc3164_time(rest)) {
    out.content = without_end(rest);
    return;
  }
  const std::string_view whole = rest;
  auto word = take_word(rest);
  if (word && !tag_of(*word)) {
    out.host = *word;
    word = take_word(rest);
  }
  const auto tag = word ? tag_of(*word) : std::nullopt;
  if (tag) {
    out.application = *tag;
    out.content = without_end(rest);
  } else {
    out.content = without_end(whole.substr(out.host.empty() ? 0 : out.host.size() + 1));
  }
}

}  // namespace

Result<Message> parse(std::string_view bytes) {
  if (bytes.size() > message_bytes_max) {
    return malformed(fmt::format("a message of {} bytes is longer than {}", bytes.size(), message_bytes_max));
  }
  Message out;
  std::string_view rest = bytes;
  const auto prioritised = take_priority(rest, out);
  if (!prioritised) return tl::unexpected(prioritised.error());
  if (*prioritised && rest.starts_with("1 ")) return parse_rfc5424(rest.substr(2), out);
  if (*prioritised) {
    parse_rfc3164(rest, out);
  } else {
    out.content = without_end(rest);
  }
  return out;
}

Result<Frame> next_frame(std::string_view bytes) {
  if (bytes.empty()) return Frame{};
  if (!is_digit(bytes.front())) {
    const std::size_t end = bytes.substr(0, message_bytes_max + 1).find('\n');
    if (end != std::string_view::npos) return Frame{end + 1, bytes.substr(0, end)};
    if (bytes.size() > message_bytes_max)
      return malformed(fmt::format("a line is longer than {} bytes", message_bytes_max));
    return Frame{};
  }
  const std::size_t blank = bytes.substr(0, count_digits_max + 1).find_first_not_of("0123456789");
  if (blank == std::string_view::npos) {
    if (bytes.size() > count_digits_max) return malformed("an octet count has more than five digits");
    return Frame{};
  }
  std::size_t count = 0;
  std::from_chars(bytes.data(), bytes.data() + blank, count);
  if (bytes[blank] != ' ' || count == 0 || count > message_bytes_max) {
    return malformed(fmt::format("an octet count is 1 to {} and a blank", message_bytes_max));
  }
  const std::size_t whole = blank + 1 + count;
  if (bytes.size() < whole) return Frame{};
  return Frame{whole, bytes.substr(blank + 1, count)};
}

}  // namespace peering::wire::syslog
