// The REST API as the command line uses it: JSON in, JSON or a Failure out.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "cli/arm_path.h"
#include "cli/failure.h"
#include "http/client.h"

namespace peering::cli {

/// What a write answered.
struct Written {
  int status = 0;
  json::value body;  ///< null when the answer had none
};

/// Adds address, token and api-version to every request. Not thread-safe. Blocks.
class ApiClient {
 public:
  ApiClient(std::string endpoint, std::string token, const std::string& authority_file);

  /// `path` begins with a slash; the api-version is added.
  Outcome<json::value> get(std::string_view path, const Query& query = {});
  /// Every item of a list, following `nextLink` (at most 10,000 pages). `items_max` stops early; 0: all.
  Outcome<json::array> list(std::string_view path, const Query& query = {}, std::size_t items_max = 0);
  Outcome<Written> put(std::string_view path, const json::value& body);
  Outcome<Written> patch(std::string_view path, const json::value& body);
  Outcome<Written> post(std::string_view path, const json::value& body, const Query& query = {});
  /// True when something was deleted, false when there was nothing.
  Outcome<bool> remove(std::string_view path);

  /// A request as it stands, with address and token added; any status is an answer.
  Outcome<http::Response> send(http::Method method, std::string_view target, http::Headers headers,
                               std::string body);
  /// The same for an answer that does not end.
  Outcome<http::Response> stream(std::string_view target, http::Headers headers,
                                 const std::function<bool(std::string_view)>& on_chunk);
  const std::string& endpoint() const { return endpoint_; }

 private:
  Outcome<Written> write(http::Method method, std::string_view path, const json::value& body,
                         const Query& query = {});
  Outcome<json::value> get_url(const std::string& url);
  http::ClientRequest request(http::Method method, std::string url, http::Headers headers, std::string body);

  std::string endpoint_, token_;
  http::Client client_;
};

/// `path?api-version=…&query`.
std::string target_of(std::string_view path, const Query& query);

}  // namespace peering::cli
