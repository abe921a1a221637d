// How a command says that it did not do what was asked: an exit code and one sentence for stderr.
//
// The codes are a promise to scripts: 3 means "it is not there", 4 "somebody else has
// it", 5 "you may not", 6 "not as it should be". They are derived in one place, from our error codes and from
// the server's statuses.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <tl/expected.hpp>

#include "base/result.h"
#include "http/message.h"

namespace peering::cli {

enum class ExitCode : int {
  ok = 0,
  failed = 1,
  usage = 2,
  not_found = 3,
  conflict = 4,
  not_permitted = 5,
  differs = 6
};

/// Why a command failed.
struct Failure {
  ExitCode code = ExitCode::failed;
  std::string message;
  int status = 0;  ///< HTTP status when a server said no, else 0
  friend bool operator==(const Failure&, const Failure&) = default;
};

/// A T or the reason why there is none.
template <class T>
using Outcome = tl::expected<T, Failure>;

/// `return usage_error("--{} is missing", name);`
template <class... Arguments>
tl::unexpected<Failure> usage_error(fmt::format_string<Arguments...> text, Arguments&&... arguments) {
  return tl::unexpected<Failure>(
      Failure{ExitCode::usage, fmt::format(text, std::forward<Arguments>(arguments)...)});
}
/// The same with exit code 1.
template <class... Arguments>
tl::unexpected<Failure> failed(fmt::format_string<Arguments...> text, Arguments&&... arguments) {
  return tl::unexpected<Failure>(
      Failure{ExitCode::failed, fmt::format(text, std::forward<Arguments>(arguments)...)});
}

/// The one mapping of our error codes to exit codes. A value that the program itself refuses is a usage
/// error.
ExitCode exit_code_of(ErrorCode code);
/// The one mapping of HTTP statuses to exit codes: 404 and 410 not found, 409 and 412 conflict, 401 and 403
/// not permitted, every other one failed.
ExitCode exit_code_of_status(int status);

/// An error of one of our own parts.
tl::unexpected<Failure> failure_of(const Error& error);
/// An answer that is no success: ARM's code and message when the body has them, else the status.
tl::unexpected<Failure> failure_of(const http::Response& response);

}  // namespace peering::cli
