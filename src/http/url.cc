#include "http/url.h"

#include <algorithm>
#include <charconv>

namespace peering::http {

std::string Url::host_header() const {
  const bool usual = port == (secure ? "443" : "80");
  const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return usual ? name : name + ":" + port;
}

Result<Url> parse_url(std::string_view text, std::string_view scheme) {
  const auto bad = [&](std::string_view rule) { return tl::unexpected(invalid("url", text, rule)); };
  Url out;
  const std::size_t scheme_end = text.find("://");
  const std::string_view given = text.substr(0, scheme_end);
  out.secure = given.size() == scheme.size() + 1 && given.starts_with(scheme) && given.back() == 's';
  if (scheme_end == std::string_view::npos || (given != scheme && !out.secure)) {
    return bad(fmt::format("starts with {0}:// or {0}s://", scheme));
  }
  const std::string_view rest = text.substr(scheme_end + 3);
  const std::size_t end = rest.find_first_of("/?#");
  std::string_view place = rest.substr(0, end);
  const std::string_view path = end == std::string_view::npos ? "" : rest.substr(end);
  out.target = path.starts_with("/") ? std::string(path) : "/" + std::string(path);
  out.target.resize(std::min(out.target.find('#'), out.target.size()));
  if (place.find('@') != std::string_view::npos) return bad("no user names in it");
  out.port = out.secure ? "443" : "80";
  const std::size_t bracket = place.find(']');
  const std::size_t colon = place.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (colon != std::string_view::npos) {
    out.port = std::string(place.substr(colon + 1));
    place = place.substr(0, colon);
    unsigned port = 0;
    const auto parsed = std::from_chars(out.port.data(), out.port.data() + out.port.size(), port);
    if (parsed.ptr != out.port.data() + out.port.size() || port < 1 || port > 65535)
      return bad("a port from 1 to 65535");
  }
  if (place.starts_with("[") && place.ends_with("]")) place = place.substr(1, place.size() - 2);
  if (place.empty()) return bad("a host after ://");
  for (const char c : text) {
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f) return bad("no blanks or control characters");
  }
  out.host = std::string(place);
  return out;
}

}  // namespace peering::http
