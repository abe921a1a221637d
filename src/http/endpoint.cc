#include <charconv>

#include "http/server.h"

namespace peering::http {

std::string Endpoint::to_string() const {
  return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port)
                                             : fmt::format("[{}]:{}", host, port);
}

bool Endpoint::is_loopback() const {
  if (host == "localhost") return true;
  const auto address = net::Address::parse(host);
  return address && address->is_loopback();
}

std::string loopback_name(std::string_view host) {
  return std::string(host == "localhost" ? std::string_view("127.0.0.1") : host);
}

Result<Endpoint> parse_endpoint(std::string_view text) {
  const auto bad = [&] {
    return tl::unexpected(invalid("address", text, "HOST:PORT such as 127.0.0.1:8470 or [::1]:0"));
  };
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return bad();
  std::string_view host = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);
  if (host.front() == '[') {
    if (host.size() < 3 || host.back() != ']') return bad();
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return bad();
  }
  std::uint16_t port = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (digits.empty() || parsed.ec != std::errc() || parsed.ptr != digits.data() + digits.size()) return bad();
  return Endpoint{std::string(host), port};
}

}  // namespace peering::http
