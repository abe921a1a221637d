// How functions report failure: a value or an Error, never an exception across a room's boundary.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <tl/expected.hpp>

namespace peering {

/// What went wrong, in the few kinds that a caller can act on. `api/arm` maps them to ARM codes and
/// `cli` to exit codes, once each.
enum class ErrorCode : std::uint8_t {
  invalid_argument,   ///< the input breaks a rule; the message names field, value and rule
  not_found,          ///< the named thing does not exist
  conflict,           ///< it exists already, or a precondition (etag, idempotency key) does not hold
  permission_denied,  ///< known caller, not allowed
  unauthenticated,    ///< unknown caller
  limit_exceeded,     ///< a documented limit was passed
  unavailable,        ///< try again later (queue full, peer away)
  out_of_space,       ///< the disk is full
  timeout,            ///< the time allowed has passed
  io,                 ///< the operating system refused
  corrupt,            ///< stored or received bytes are damaged
  internal,           ///< our own defect
};

/// Stable lower-case name of a code, for logs and metrics.
std::string_view to_string(ErrorCode code);

/// A failure: the kind and one plain sentence.
struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string message;
  friend bool operator==(const Error&, const Error&) = default;
};

/// A T or the reason why there is none. `Result<void>` for actions.
template <class T>
using Result = tl::expected<T, Error>;

/// `return fail(ErrorCode::not_found, "no prefix {}", name);`
template <class... Arguments>
tl::unexpected<Error> fail(ErrorCode code, fmt::format_string<Arguments...> text, Arguments&&... arguments) {
  return tl::unexpected<Error>(Error{code, fmt::format(text, std::forward<Arguments>(arguments)...)});
}

/// Message for a rejected input, always in the same order: field (cut at 256 bytes), value (at 80; control
/// characters and what is no UTF-8 escaped), rule.
Error invalid(std::string_view field, std::string_view value, std::string_view rule);

}  // namespace peering
