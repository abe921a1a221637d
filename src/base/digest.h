// Hashes, message authentication and randomness, all by OpenSSL.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace peering {

using Sha256 = std::array<std::uint8_t, 32>;

/// SHA-256 of the bytes (FIPS 180-4).
Sha256 sha256(std::string_view bytes);
/// HMAC-SHA-256 (RFC 2104).
Sha256 hmac_sha256(std::string_view key, std::string_view message);
/// `count` bytes from the operating system's generator. Aborts when it gives none.
std::string random_bytes(std::size_t count);
/// A random version 4 UUID in lower case (RFC 9562 section 5.4).
std::string random_uuid();
/// Lower-case hexadecimal.
std::string to_hex(std::span<const std::uint8_t> bytes);
/// RFC 4648 section 5 without padding.
std::string to_base64url(std::string_view bytes);
/// What RFC 4648 section 4 with padding stands for; nothing when the text is no such encoding.
std::optional<std::string> from_base64(std::string_view text);
/// True when equal; takes the same time wherever the first difference is.
bool equal_constant_time(std::string_view a, std::string_view b);

}  // namespace peering
