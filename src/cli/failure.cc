#include "cli/failure.h"

#include "base/json.h"

namespace peering::cli {

ExitCode exit_code_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_argument:
      return ExitCode::usage;
    case ErrorCode::not_found:
      return ExitCode::not_found;
    case ErrorCode::conflict:
      return ExitCode::conflict;
    case ErrorCode::permission_denied:
    case ErrorCode::unauthenticated:
      return ExitCode::not_permitted;
    case ErrorCode::limit_exceeded:
    case ErrorCode::unavailable:
    case ErrorCode::out_of_space:
    case ErrorCode::timeout:
    case ErrorCode::io:
    case ErrorCode::corrupt:
    case ErrorCode::internal:
      return ExitCode::failed;
  }
  return ExitCode::failed;
}

ExitCode exit_code_of_status(int status) {
  switch (status) {
    case 404:
    case 410:
      return ExitCode::not_found;
    case 409:
    case 412:
      return ExitCode::conflict;
    case 401:
    case 403:
      return ExitCode::not_permitted;
    default:
      return ExitCode::failed;
  }
}

tl::unexpected<Failure> failure_of(const Error& error) {
  return tl::unexpected<Failure>(Failure{exit_code_of(error.code), error.message});
}

tl::unexpected<Failure> failure_of(const http::Response& response) {
  Failure out{exit_code_of_status(response.status), {}, response.status};
  const auto body = parse_json(response.body);
  const json::value* error = body ? find(*body, "error") : nullptr;
  const std::string code = error ? find_string(*error, "code").value_or("") : "";
  const std::string message = error ? find_string(*error, "message").value_or("") : "";
  if (code.empty() && message.empty()) {
    out.message = fmt::format("the server answered {} without saying why", response.status);
    return tl::unexpected<Failure>(std::move(out));
  }
  out.message = fmt::format("{}: {} (HTTP {}", code, message, response.status);
  if (const auto id = response.headers.get("x-ms-request-id"))
    out.message += fmt::format(", request {}", *id);
  out.message += ")";
  return tl::unexpected<Failure>(std::move(out));
}

}  // namespace peering::cli
