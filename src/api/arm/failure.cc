#include "api/arm/failure.h"

#include "base/json.h"

namespace peering::api::arm {

namespace {

struct Mapping {
  int status;
  std::string_view code;
};

Mapping mapping_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_argument:
      return {400, "BadArgument"};
    case ErrorCode::not_found:
      return {404, "ResourceNotFound"};
    case ErrorCode::conflict:
      return {409, "Conflict"};
    case ErrorCode::permission_denied:
      return {403, "AuthorizationFailed"};
    case ErrorCode::unauthenticated:
      return {401, "InvalidAuthenticationToken"};
    case ErrorCode::limit_exceeded:
      return {413, "RequestEntityTooLarge"};
    case ErrorCode::unavailable:
    case ErrorCode::timeout:
      return {503, "ServiceUnavailable"};
    case ErrorCode::out_of_space:
      return {507, "InsufficientStorage"};
    case ErrorCode::io:
    case ErrorCode::corrupt:
    case ErrorCode::internal:
      break;
  }
  return {500, "InternalServerError"};
}

}  // namespace

tl::unexpected<Failure> refuse(int status, std::string_view code, std::string message) {
  return tl::unexpected<Failure>(Failure{status, std::string(code), std::move(message), {}});
}

tl::unexpected<Failure> bad_content(std::string_view field, std::string_view value, std::string_view rule) {
  return refuse(400, "InvalidRequestContent", invalid(field, value, rule).message);
}

tl::unexpected<Failure> bad_argument(std::string_view field, std::string_view value, std::string_view rule) {
  return refuse(400, "BadArgument", invalid(field, value, rule).message);
}

Failure to_failure(const Error& error) {
  const Mapping mapping = mapping_of(error.code);
  Failure out{mapping.status, std::string(mapping.code), error.message, {}};
  if (mapping.status == 503) out.headers.emplace_back("Retry-After", "1");
  return out;
}

tl::unexpected<Failure> failed(const Error& error) { return tl::unexpected<Failure>(to_failure(error)); }

http::Response to_response(const Failure& failure) {
  http::Response out;
  out.status = failure.status;
  out.headers.set("Content-Type", "application/json; charset=utf-8");
  for (const auto& [name, value] : failure.headers) out.headers.set(name, value);
  const json::value body{{"error", {{"code", failure.code}, {"message", failure.message}}}};
  out.body = json::serialize(body);
  return out;
}

}  // namespace peering::api::arm
