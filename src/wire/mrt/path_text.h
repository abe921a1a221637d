// AS_PATH as text, straight from the bytes that were sent, as bgpdump writes it.
#pragma once

#include <cstdint>
#include <span>

#include "wire/mrt/text_buffer.h"

namespace peering::wire::mrt {

/// Appends a path: sets in braces, confederations in parentheses and brackets, "! Error !" for a malformed
/// one; cut with "..." after 7900 characters. `asn_bytes` is 2 or 4.
void append_path_text(std::span<const std::uint8_t> path, std::size_t asn_bytes, TextBuffer& out);

/// The same for a session with two-octet numbers whose AS4_PATH came along (RFC 6793 section 4.2.3). With
/// `as_bgpdump` the part of AS_PATH that is kept is, as there, filled from its first segment only.
void append_merged_path_text(std::span<const std::uint8_t> path, std::span<const std::uint8_t> as4_path,
                             bool as_bgpdump, TextBuffer& out);

}  // namespace peering::wire::mrt
