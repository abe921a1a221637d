// JSON as Azure's command line sends templates: with comments, names without quotes, strings over several
// lines and commas at the end. Templates may have these, and `az` writes them on as they are in the file.
#pragma once

#include <string>
#include <string_view>

namespace peering::api::arm {

/// The same as JSON (RFC 8259), in one pass: comments become blanks, names before a colon get quotation
/// marks, control characters in strings are escaped, and commas before a closing bracket go. What is neither
/// stays as it is, for the parser to refuse.
std::string without_comments(std::string_view text);

}  // namespace peering::api::arm
