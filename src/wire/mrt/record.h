// MRT records (RFC 6396, RFC 8050) that carry updates: BGP4MP, BGP4MP_ET and the old type BGP (5).
//
// `split_record` finds where a record ends, `decode_record` says what it is. Values refer to the bytes they
// were read from. Records of other types come back as `OtherRecord`; those of tables are read by table.h.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <variant>

#include "base/result.h"
#include "base/time.h"
#include "net/address.h"
#include "wire/bgp/update.h"

namespace peering::wire::mrt {

using Bytes = std::span<const std::uint8_t>;

inline constexpr std::size_t common_header_bytes = 12;
/// Records above this are taken for a lying length. (The largest real ones, RIB entries of many peers, stay
/// below 1 MiB.)
inline constexpr std::size_t record_bytes_max = 16 * 1024 * 1024;

/// RFC 6396 section 4 and its appendix B.
enum class RecordType : std::uint16_t {
  bgp = 5,
  table_dump = 12,
  table_dump_v2 = 13,
  bgp4mp = 16,
  bgp4mp_et = 17,
};

/// The header and the body of one record.
struct Record {
  std::uint32_t seconds = 0;
  std::uint32_t microseconds = 0;  ///< of *_ET types, as written; else 0
  std::uint16_t type = 0, subtype = 0;
  Bytes body;  ///< without the microseconds of *_ET types

  TimePoint time() const {
    return time_from_us(std::int64_t{seconds} * 1'000'000 + std::min<std::uint32_t>(microseconds, 999'999));
  }
};

/// Who spoke to the collector.
struct Session {
  net::Asn peer_asn = 0, local_asn = 0;
  net::Address peer_address, local_address;
};

/// A BGP message as the collector received (or, for the LOCAL subtypes, sent) it.
struct BgpMessage {
  Session session;
  bgp::SessionFacts facts;
  bool sent_by_collector = false;
  bgp::MessageType type = bgp::MessageType::update;
  Bytes body;  ///< of the BGP message, after its header
};

/// RFC 6396 section 4.4.1; states are those of RFC 4271 section 8.2.2: 1 Idle … 6 Established.
struct StateChange {
  Session session;
  std::uint16_t old_state = 0, new_state = 0;
};

/// A record of a type or subtype that carries no update.
struct OtherRecord {};

using Content = std::variant<BgpMessage, StateChange, OtherRecord>;

/// The length of the record that `bytes` begin with; 0 when more bytes are needed. An error
/// (`invalid_argument`) means that this is no record: its length is above `record_bytes_max`, or its type is
/// in no registry. `find_record` finds the next one.
Result<std::size_t> split_record(Bytes bytes);

/// Where in `bytes` the next record seems to begin: a header of a type, subtype and length as they are
/// written, with another such header (or the end, when `is_end`) behind its record. `bytes.size()` when there
/// is none. A header whose record goes beyond `bytes` counts unless `is_end`.
std::size_t find_record(Bytes bytes, bool is_end);

/// The error of a record: its type, subtype and time, and the rule that it breaks.
tl::unexpected<Error> malformed_record(const Record& record, std::string_view rule);

/// Reads the header of one whole record. Fails only when `record` is not whole.
Result<Record> decode_header(Bytes record);

/// What the record says. Errors name what is damaged; the record after it can still be read.
Result<Content> decode_record(const Record& record);

}  // namespace peering::wire::mrt
