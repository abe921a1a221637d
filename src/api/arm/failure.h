// How a handler says no: a status, one of ARM's codes and one sentence.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

#include "base/result.h"
#include "http/message.h"

namespace peering::api::arm {

/// An answer that is an error.
struct Failure {
  int status = 500;
  std::string code;
  std::string message;
  /// Fields beside those of every answer: Allow, Retry-After, WWW-Authenticate.
  std::vector<std::pair<std::string, std::string>> headers;
  friend bool operator==(const Failure&, const Failure&) = default;
};

/// A T or the reason why there is none.
template <class T>
using Expected = tl::expected<T, Failure>;
/// What a handler gives.
using Answer = Expected<http::Response>;

/// `return refuse(404, "ResourceNotFound", "…");`
tl::unexpected<Failure> refuse(int status, std::string_view code, std::string message);
/// 400 `InvalidRequestContent` that names field, value and rule.
tl::unexpected<Failure> bad_content(std::string_view field, std::string_view value, std::string_view rule);
/// 400 `BadArgument` that names field, value and rule: query parameters and meaning.
tl::unexpected<Failure> bad_argument(std::string_view field, std::string_view value, std::string_view rule);

/// The one mapping of our error codes to ARM's.
Failure to_failure(const Error& error);
/// For `return failed(result.error());`
tl::unexpected<Failure> failed(const Error& error);

/// `{"error": {"code": …, "message": …}}` with the status.
http::Response to_response(const Failure& failure);

}  // namespace peering::api::arm
