// The RPKI-to-Router protocol's messages as values: RFC 6810 (version 0), RFC 8210 (version 1) and
// draft-ietf-sidrops-8210bis (version 2, which adds ASPA).
//
// A PDU has eight bytes of header (version, type, 16 bits whose meaning the type decides, length) and a body
// that the type decides. Decoding checks everything that one PDU alone can show: length, prefix length,
// maximum length, reserved values. What only the order of PDUs can show (a withdrawal of what is not there)
// is the client's business (`client.h`). Both forms of the ASPA PDU are read: the draft's present one and the
// one of its revisions before 11, which caches still send; only the present one is written.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "net/prefix.h"

namespace peering::wire::rtr {

inline constexpr std::uint8_t version_max = 2;
inline constexpr std::size_t header_bytes = 8;
/// Longest PDU that is read: an ASPA of 16,000 providers, or an error report with a PDU inside.
inline constexpr std::size_t pdu_bytes_max = 64 * 1024;

/// One validated ROA payload.
struct Vrp {
  net::Prefix prefix;
  std::uint8_t length_max = 0;
  net::Asn asn = 0;
  friend auto operator<=>(const Vrp&, const Vrp&) = default;
  friend bool operator==(const Vrp&, const Vrp&) = default;
};

/// "AS64500 203.0.113.0/24 up to /25".
std::string to_string(const Vrp& vrp);

/// RFC 8210 section 5.10.
struct RouterKey {
  std::array<std::uint8_t, 20> subject_key_identifier{};
  net::Asn asn = 0;
  std::vector<std::uint8_t> public_key;
  friend auto operator<=>(const RouterKey&, const RouterKey&) = default;
  friend bool operator==(const RouterKey&, const RouterKey&) = default;
};

/// Which routes an ASPA speaks for; revisions of the draft before 11 had one for each family.
enum class AspaScope : std::uint8_t { both, ipv4, ipv6 };

/// The providers of one customer AS. A withdrawal has none.
struct Aspa {
  net::Asn customer = 0;
  std::vector<net::Asn> providers;
  AspaScope scope = AspaScope::both;
  friend bool operator==(const Aspa&, const Aspa&) = default;
};

/// RFC 8210 section 12 and the draft's section 12; a code that is not here is kept as its number.
enum class ErrorKind : std::uint16_t {
  corrupt_data = 0,
  internal_error = 1,
  no_data_available = 2,
  invalid_request = 3,
  unsupported_version = 4,
  unsupported_type = 5,
  withdrawal_of_unknown = 6,
  duplicate_announcement = 7,
  unexpected_version = 8,
  aspa_provider_list = 9,
  transport_failed = 10,
  ordering = 11,
};
/// "corrupt data" and so on; "error 77" for a code nobody registered.
std::string to_string(ErrorKind kind);

struct SerialNotify {
  std::uint16_t session = 0;
  std::uint32_t serial = 0;
  friend bool operator==(const SerialNotify&, const SerialNotify&) = default;
};
struct SerialQuery {
  std::uint16_t session = 0;
  std::uint32_t serial = 0;
  friend bool operator==(const SerialQuery&, const SerialQuery&) = default;
};
struct ResetQuery {
  friend bool operator==(const ResetQuery&, const ResetQuery&) = default;
};
struct CacheResponse {
  std::uint16_t session = 0;
  friend bool operator==(const CacheResponse&, const CacheResponse&) = default;
};
/// IPv4 Prefix and IPv6 Prefix.
struct PrefixPdu {
  bool announce = true;
  Vrp vrp;
  friend bool operator==(const PrefixPdu&, const PrefixPdu&) = default;
};
/// RFC 8210 section 6. Version 0 has none.
struct Intervals {
  std::uint32_t refresh_s = 3600, retry_s = 600, expire_s = 7200;
  friend bool operator==(const Intervals&, const Intervals&) = default;
};
struct EndOfData {
  std::uint16_t session = 0;
  std::uint32_t serial = 0;
  std::optional<Intervals> intervals;  ///< as sent, not checked; absent in version 0
  friend bool operator==(const EndOfData&, const EndOfData&) = default;
};
struct CacheReset {
  friend bool operator==(const CacheReset&, const CacheReset&) = default;
};
struct RouterKeyPdu {
  bool announce = true;
  RouterKey key;
  friend bool operator==(const RouterKeyPdu&, const RouterKeyPdu&) = default;
};
struct AspaPdu {
  bool announce = true;
  Aspa aspa;
  friend bool operator==(const AspaPdu&, const AspaPdu&) = default;
};
struct ErrorReport {
  ErrorKind kind = ErrorKind::internal_error;
  std::vector<std::uint8_t> pdu;  ///< the PDU it is about, or its beginning; may be empty
  std::string text;               ///< UTF-8 for people; may be empty
  friend bool operator==(const ErrorReport&, const ErrorReport&) = default;
};

using Pdu = std::variant<SerialNotify, SerialQuery, ResetQuery, CacheResponse, PrefixPdu, EndOfData,
                         CacheReset, RouterKeyPdu, AspaPdu, ErrorReport>;

/// A PDU with the version in its header.
struct Versioned {
  std::uint8_t version = 0;
  Pdu pdu;
  friend bool operator==(const Versioned&, const Versioned&) = default;
};

/// Why bytes are no PDU: the code to report and a sentence.
struct DecodeFailure {
  ErrorKind kind = ErrorKind::corrupt_data;
  std::string message;
};

/// The length of the PDU that `bytes` begin with; 0: more bytes are needed to know or to have it whole. A
/// length outside `header_bytes` to `pdu_bytes_max` is a failure: the stream cannot be followed any further.
tl::expected<std::size_t, DecodeFailure> split_pdu(std::span<const std::uint8_t> bytes);

/// Decodes exactly one PDU. Never reads outside `bytes`.
tl::expected<Versioned, DecodeFailure> decode_pdu(std::span<const std::uint8_t> bytes);

/// The bytes of a PDU. A router key exists from version 1 on, an ASPA from version 2 on: asked for in a
/// lower one it gives nothing.
std::vector<std::uint8_t> encode_pdu(std::uint8_t version, const Pdu& pdu);

}  // namespace peering::wire::rtr
