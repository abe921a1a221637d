#include "http/response_head.h"

#include <algorithm>
#include <ctime>
#include <iterator>

#include <boost/beast/http/status.hpp>
#include <fmt/format.h>

namespace peering::http {

namespace {

constexpr std::size_t usual_head_bytes = 1024;

// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 section 5.6.7), made anew when the second has passed.
const std::string& http_date() {
  thread_local std::time_t made_at = 0;
  thread_local std::string text;
  const std::time_t at = std::time(nullptr);
  if (at == made_at && !text.empty()) return text;
  std::tm parts{};
  ::gmtime_r(&at, &parts);
  char made[64];
  text.assign(made, std::strftime(made, sizeof made, "%a, %d %b %Y %H:%M:%S GMT", &parts));
  made_at = at;
  return text;
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ");
  const std::size_t begin = out.size();
  out.append(value);
  std::replace_if(
      out.begin() + static_cast<std::ptrdiff_t>(begin), out.end(),
      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
  out.append("\r\n");
}

}  // namespace

bool may_have_body(int status) { return status >= 200 && status != 204 && status != 304; }

std::string response_head(const Response& response, unsigned version, bool stay) {
  std::string out;
  out.reserve(usual_head_bytes);
  const boost::beast::string_view reason =
      boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(response.status));
  fmt::format_to(std::back_inserter(out), "HTTP/1.{} {} {}\r\n", version % 10, response.status,
                 std::string_view(reason.data(), reason.size()));
  for (const auto& [name, value] : response.headers.all()) append_field(out, name, value);
  if (!response.headers.get("Date")) append_field(out, "Date", http_date());
  if (stay && version == 10) append_field(out, "Connection", "keep-alive");
  if (!stay && version == 11) append_field(out, "Connection", "close");
  if (response.stream) {
    if (version == 11) append_field(out, "Transfer-Encoding", "chunked");
  } else if (may_have_body(response.status)) {
    append_field(out, "Content-Length", std::to_string(response.body.size()));
  }
  out.append("\r\n");
  return out;
}

}  // namespace peering::http
