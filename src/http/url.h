// Where a client connects to: the parts of a URL.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace peering::http {

struct Url {
  bool secure = false;  ///< https or wss
  std::string host;     ///< without brackets
  std::string port;     ///< as written, or the scheme's
  std::string target;   ///< path and query, begins with '/'

  /// The Host header: the port only where it is not the scheme's.
  std::string host_header() const;
};

/// `scheme` is "http" or "ws"; with an s behind it the URL is secure. Refused (`invalid_argument`): another
/// scheme, user names, a port that is none, blanks and control characters, no host. A fragment is cut off.
Result<Url> parse_url(std::string_view text, std::string_view scheme);

}  // namespace peering::http
