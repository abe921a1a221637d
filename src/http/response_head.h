// What goes before a response's body on the wire.
#pragma once

#include <string>

#include "http/message.h"

namespace peering::http {

/// False for 1xx, 204 and 304, which end with their head (RFC 9112 section 6.3).
bool may_have_body(int status);

/// The status line, the response's own fields, and those that HTTP asks for: `Date`, `Connection`, and how
/// the body ends. `version` is the request's: 10 or 11. `stay`: the connection takes another request. Control
/// characters in fields become blanks, so that no field ends early and begins another.
std::string response_head(const Response& response, unsigned version, bool stay);

}  // namespace peering::http
