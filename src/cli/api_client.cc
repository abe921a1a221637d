#include "cli/api_client.h"

namespace peering::cli {

namespace {

constexpr int pages_max = 10000;

http::ClientOptions options_of(const std::string& authority_file) {
  http::ClientOptions out;
  out.authority_file = authority_file;
  return out;
}

Outcome<json::value> body_of(const http::Response& response) {
  if (response.status < 200 || response.status > 299) return failure_of(response);
  if (response.body.empty()) return json::value(nullptr);
  auto body = parse_json(response.body);
  if (!body) return failed("the server's answer is {}", body.error().message);
  return std::move(*body);
}

}  // namespace

std::string target_of(std::string_view path, const Query& query) {
  std::string out = std::string(path) + "?api-version=" + std::string(api_version_of(path));
  if (!query.text().empty()) out += "&" + query.text();
  return out;
}

ApiClient::ApiClient(std::string endpoint, std::string token, const std::string& authority_file)
    : endpoint_(std::move(endpoint)), token_(std::move(token)), client_(options_of(authority_file)) {}

http::ClientRequest ApiClient::request(http::Method method, std::string url, http::Headers headers,
                                       std::string body) {
  if (!token_.empty()) headers.set("Authorization", "Bearer " + token_);
  return {method, std::move(url), std::move(headers), std::move(body)};
}

Outcome<http::Response> ApiClient::send(http::Method method, std::string_view target, http::Headers headers,
                                        std::string body) {
  auto answer =
      client_.send(request(method, endpoint_ + std::string(target), std::move(headers), std::move(body)));
  if (!answer) return failed("{}: {}", endpoint_, answer.error().message);
  return std::move(*answer);
}

Outcome<http::Response> ApiClient::stream(std::string_view target, http::Headers headers,
                                          const std::function<bool(std::string_view)>& on_chunk) {
  auto answer = client_.stream(
      request(http::Method::get, endpoint_ + std::string(target), std::move(headers), {}), on_chunk);
  if (!answer) return failed("{}: {}", endpoint_, answer.error().message);
  return std::move(*answer);
}

Outcome<json::value> ApiClient::get_url(const std::string& url) {
  http::Headers headers;
  headers.set("Accept", "application/json");
  const auto answer = client_.send(request(http::Method::get, url, std::move(headers), {}));
  if (!answer) return failed("{}: {}", endpoint_, answer.error().message);
  return body_of(*answer);
}

Outcome<json::value> ApiClient::get(std::string_view path, const Query& query) {
  return get_url(endpoint_ + target_of(path, query));
}

Outcome<json::array> ApiClient::list(std::string_view path, const Query& query, std::size_t items_max) {
  json::array out;
  std::string url = endpoint_ + target_of(path, query);
  for (int page = 0; page < pages_max && !url.empty(); ++page) {
    auto body = get_url(url);
    if (!body) return tl::unexpected(body.error());
    const json::value* items = find(*body, "value");
    if (!items || !items->is_array()) return failed("the server's answer has no list in 'value'");
    for (const json::value& item : items->get_array()) {
      if (items_max != 0 && out.size() == items_max) return out;
      out.push_back(item);
    }
    url = find_string(*body, "nextLink").value_or("");
    // A token must not follow a link to somewhere else.
    if (!url.empty() && url.rfind(endpoint_ + "/", 0) != 0) {
      const std::size_t path_at = url.find('/', url.find("://") + 3);
      if (url.find("://") == std::string::npos || path_at == std::string::npos) {
        return failed("the server's nextLink '{}' is no absolute address", url);
      }
      url = endpoint_ + url.substr(path_at);
    }
  }
  return out;
}

Outcome<Written> ApiClient::write(http::Method method, std::string_view path, const json::value& body,
                                  const Query& query) {
  http::Headers headers;
  headers.set("Accept", "application/json");
  std::string text;
  if (!body.is_null()) {
    headers.set("Content-Type", "application/json");
    text = json::serialize(body);
  }
  const auto answer = send(method, target_of(path, query), std::move(headers), std::move(text));
  if (!answer) return tl::unexpected(answer.error());
  auto value = body_of(*answer);
  if (!value) return tl::unexpected(value.error());
  return Written{answer->status, std::move(*value)};
}

Outcome<Written> ApiClient::put(std::string_view path, const json::value& body) {
  return write(http::Method::put, path, body);
}

Outcome<Written> ApiClient::patch(std::string_view path, const json::value& body) {
  return write(http::Method::patch, path, body);
}

Outcome<Written> ApiClient::post(std::string_view path, const json::value& body, const Query& query) {
  return write(http::Method::post, path, body, query);
}

Outcome<bool> ApiClient::remove(std::string_view path) {
  const auto done = write(http::Method::delete_, path, nullptr);
  if (!done) return tl::unexpected(done.error());
  return done->status != 204;
}

}  // namespace peering::cli
