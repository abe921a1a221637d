// HTTP requests and responses as plain values. Handlers never see the library underneath.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/address.h"

namespace peering::http {

enum class Method : std::uint8_t { get, head, put, post, patch, delete_, options, other };
std::string_view to_string(Method method);

/// Header fields in order of arrival; names compare without case.
class Headers {
 public:
  /// Replaces every field of the name.
  void set(std::string_view name, std::string_view value);
  void add(std::string_view name, std::string_view value);
  /// The first field of the name, or nothing.
  std::optional<std::string_view> get(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& all() const { return fields_; }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

struct Request {
  Method method = Method::get;
  std::string target;  ///< path and query as sent, not decoded; without scheme and host if it had them
  Headers headers;
  std::string body;  ///< whole, as sent (Content-Encoding not undone)
  net::Address remote;
  bool secure = false;  ///< came over TLS
  std::string verb;     ///< the method as sent
};

/// Where a body that is written piece by piece goes. Thread-safe; usable until `close` or until it says
/// false. May be held longer than the server lives. The body also ends when nobody holds the sink any more.
class BodySink {
 public:
  virtual ~BodySink() = default;
  /// False when the client is gone or too far behind (64 KiB waiting): stop then. One chunk may be larger.
  virtual bool write(std::string chunk) = 0;
  virtual void close() = 0;
};

struct Response {
  int status = 200;
  Headers headers;
  std::string body;
  /// When set the body is streamed (chunked): called once, on a worker, after the header is out. It may keep
  /// the sink and write from other threads later; it must not block.
  std::function<void(std::shared_ptr<BodySink>)> stream;
  /// When set there is no answer yet, and everything else is ignored: called once, at once, with what takes
  /// the answer. That may be called from any thread, once, and must be; the request lives until then.
  std::function<void(std::function<void(Response)> answer)> later;
};

/// Runs on a worker thread and may block; what would only wait may answer `later` instead, so that no worker
/// is held. Exceptions become 500.
using Handler = std::function<Response(const Request&)>;

/// Answers from memory what can be answered from memory; nothing: the request is for the `Handler`. Runs on
/// the thread of many connections and must not block. Exceptions become 500.
using QuickHandler = std::function<std::optional<Response>(const Request&)>;

}  // namespace peering::http
