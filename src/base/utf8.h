// UTF-8 (RFC 3629) in texts that come from outside.
#pragma once

#include <cstddef>
#include <string_view>

namespace peering {

/// Bytes of the character that begins the text, 1 to 4; 0 when it begins with none: a stray or missing
/// continuation, an overlong form, a surrogate, beyond U+10FFFF, or no text at all.
std::size_t utf8_character_bytes(std::string_view text);

/// The whole text is UTF-8.
bool is_utf8(std::string_view text);

}  // namespace peering
