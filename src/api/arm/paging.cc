#include "api/arm/paging.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "api/arm/names.h"
#include "base/digest.h"
#include "http/query.h"

namespace peering::api::arm {

namespace {

// The version of the token's inside; also what tells it from other hexadecimal text.
constexpr std::string_view token_mark = "p1:";

int hexadecimal(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

std::string origin_of(const http::Request& request) {
  const auto forwarded = request.headers.get("X-Forwarded-Proto");
  const bool secure =
      request.secure || (forwarded && request.remote.is_loopback() && same_name(*forwarded, "https"));
  const std::string_view host = request.headers.get("Host").value_or("localhost");
  const bool plain = std::ranges::all_of(host, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
           c == '-' || c == ':' || c == '[' || c == ']';
  });
  return fmt::format("{}://{}", secure ? "https" : "http", plain ? host : "localhost");
}

Expected<PageRequest> read_page(const Query& query, std::size_t limit_default) {
  PageRequest out{limit_default, ""};
  if (const auto top = query.get("$top")) {
    std::size_t limit = 0;
    const auto parsed = std::from_chars(top->data(), top->data() + top->size(), limit);
    if (parsed.ec != std::errc() || parsed.ptr != top->data() + top->size() || limit == 0 ||
        limit > page_items_max) {
      return bad_argument("$top", *top, "a number from 1 to 1000");
    }
    out.limit = limit;
  }
  if (const auto token = query.get("$skipToken"); token && !token->empty()) {
    auto position = read_skip_token(*token);
    if (!position || position->empty()) return bad_argument("$skipToken", *token, "a token of a nextLink");
    out.after = std::move(*position);
  }
  return out;
}

std::string make_skip_token(std::string_view position) {
  const std::string marked = std::string(token_mark) + std::string(position);
  return to_hex({reinterpret_cast<const std::uint8_t*>(marked.data()), marked.size()});
}

std::optional<std::string> read_skip_token(std::string_view token) {
  if (token.size() % 2 != 0) return std::nullopt;
  std::string out;
  for (std::size_t i = 0; i < token.size(); i += 2) {
    const int high = hexadecimal(token[i]), low = hexadecimal(token[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
  }
  if (!out.starts_with(token_mark)) return std::nullopt;
  return out.substr(token_mark.size());
}

std::string next_link(const http::Request& request, const Query& query, std::string_view position) {
  const std::string_view target = request.target;
  std::string out = origin_of(request) + std::string(target.substr(0, target.find('?'))) + "?";
  for (const auto& [name, value] : query.all()) {
    if (same_name(name, "$skipToken")) continue;
    // '$' is allowed in a query and what clients expect to see.
    const bool dollar = name.starts_with('$');
    out += (dollar ? "$" : "") + http::percent_encode(dollar ? std::string_view(name).substr(1) : name) +
           "=" + http::percent_encode(value) + "&";
  }
  return out + "$skipToken=" + make_skip_token(position);
}

http::Response list_response(const http::Request& request, const Query& query, json::array items,
                             std::string_view position) {
  json::object body;
  body["value"] = std::move(items);
  if (!position.empty()) body["nextLink"] = next_link(request, query, position);
  return json_response(200, body);
}

http::Response json_response(int status, const json::value& body) {
  return json_text_response(status, json::serialize(body));
}

http::Response json_text_response(int status, std::string body) {
  http::Response out;
  out.status = status;
  out.headers.set("Content-Type", "application/json; charset=utf-8");
  out.body = std::move(body);
  return out;
}

}  // namespace peering::api::arm
