#include "http/request_head.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "http/same_name.h"

namespace peering::http {

namespace {

namespace wire = boost::beast::http;

constexpr std::size_t port_digits_max = 5;

// Fields that mean something once: which of two counts would be a guess.
constexpr std::array single_fields = {wire::field::authorization,    wire::field::content_encoding,
                                      wire::field::content_length,   wire::field::content_type,
                                      wire::field::expect,           wire::field::host,
                                      wire::field::transfer_encoding};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_letter_or_digit(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// RFC 3986 section 3.2.2: unreserved characters, sub-delims and '%'.
bool is_of_a_name(char c) {
  return is_letter_or_digit(c) || std::string_view("-._~%!$&'()*+,;=").find(c) != std::string_view::npos;
}

bool is_of_an_address(char c) { return is_letter_or_digit(c) || c == ':' || c == '.'; }

Refusal malformed(std::string message) { return {400, "BadRequest", "malformed", std::move(message)}; }

std::string_view view(boost::beast::string_view text) { return {text.data(), text.size()}; }

// A target is ASCII without blanks (RFC 3986 section 2): everything else comes percent-encoded.
bool is_plain(std::string_view target) {
  return std::ranges::all_of(target, [](char c) { return c > 0x20 && c < 0x7f; });
}

std::optional<Refusal> check_framing(const RequestHead& head) {
  const std::string_view length = view(head[wire::field::content_length]);
  if (!std::ranges::all_of(length, is_digit)) {
    return malformed("Content-Length is not accepted: one number of bytes.");
  }
  if (head.count(wire::field::transfer_encoding) == 0) return std::nullopt;
  if (head.version() < 11) return malformed("Transfer-Encoding is not accepted: HTTP/1.0 does not have it.");
  // Where any other body ends, or what it is, would be a guess (RFC 9112 section 6.3).
  if (!same_name(view(head[wire::field::transfer_encoding]), "chunked")) {
    return malformed("The Transfer-Encoding must be 'chunked' alone.");
  }
  return std::nullopt;
}

}  // namespace

bool is_host(std::string_view value) {
  std::string_view port;
  if (value.starts_with('[')) {
    const std::size_t end = value.find(']');
    if (end == std::string_view::npos || end < 3) return false;
    if (!std::ranges::all_of(value.substr(1, end - 1), is_of_an_address)) return false;
    port = value.substr(end + 1);
  } else {
    const std::size_t colon = std::min(value.find(':'), value.size());
    if (!std::ranges::all_of(value.substr(0, colon), is_of_a_name)) return false;
    port = value.substr(colon);
  }
  if (port.empty()) return true;
  port.remove_prefix(1);
  return value[value.size() - port.size() - 1] == ':' && port.size() <= port_digits_max &&
         std::ranges::all_of(port, is_digit);
}

std::string_view origin_form(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!same_name(target.substr(0, scheme.size()), scheme)) continue;
    const std::size_t path = target.find_first_of("/?", scheme.size());
    return path == std::string_view::npos || target[path] == '?' ? "/" : target.substr(path);
  }
  return target;
}

std::optional<Refusal> check_head(const RequestHead& head) {
  const std::string_view target = view(head.target());
  if (target.size() > target_bytes_max) {
    return Refusal{
        414, "RequestUriTooLong", "target",
        fmt::format("The request target has {} bytes; the limit is {}.", target.size(), target_bytes_max)};
  }
  const auto fields = static_cast<std::size_t>(std::distance(head.begin(), head.end()));
  if (fields > head_fields_max) {
    return Refusal{431, "RequestHeaderFieldsTooLarge", "head_fields",
                   fmt::format("The request head has {} fields; the limit is {}.", fields, head_fields_max)};
  }
  if (!is_plain(target)) {
    return malformed("The request target has bytes that are no visible ASCII; they come percent-encoded.");
  }
  if (head.version() >= 11 && head.count(wire::field::host) != 1) {
    return malformed("A request has exactly one Host field.");
  }
  for (const wire::field field : single_fields) {
    if (head.count(field) > 1) {
      return malformed(fmt::format("A request has at most one {} field.", view(wire::to_string(field))));
    }
  }
  if (!is_host(view(head[wire::field::host]))) {
    return malformed("Host is not accepted: a name or an address, maybe with a port.");
  }
  return check_framing(head);
}

}  // namespace peering::http
