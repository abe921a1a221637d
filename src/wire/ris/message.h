// RIS Live: the JSON messages of RIPE's streaming service, one a line (ris-live.ripe.net/manual).
//
// Every message is `{"type": "ris_message", "data": {...}}` or `{"type": "ris_error", ...}`. We read what a
// routing table needs and the few extra keys of recorded data; keys that are not known are skipped. Two
// generations of the format differ in case, host names and notation of addresses; both are read.
//
// The service sends some 30,000 messages a second at its busiest, so the decoder walks the text once, in the
// order in which it lies there, and puts what it finds into memory that the message before left behind: in a
// stream of like messages nothing is allocated.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "net/prefix.h"
#include "wire/bgp/path_attributes.h"

namespace peering::wire::ris {

/// Prefixes of one next hop.
struct Announcement {
  std::optional<net::Address> next_hop;
  std::vector<net::Prefix> prefixes;  ///< host bits cleared
};

/// A BGP UPDATE that a collector received from a peer.
struct Update {
  bgp::PathAttributes attributes;  ///< without next hop; of no meaning when `announcements` is empty
  std::vector<Announcement> announcements;
  std::vector<net::Prefix> withdrawals;
  bool table_dump = false;    ///< a route of the initial table, not news
  bool trusted_feed = false;  ///< the operator's own view
  std::string peer_role;      ///< what the peer is to the observer; empty: not said
};
/// The collector's session to the peer changed.
struct PeerState {
  bool up = false;
};
/// OPEN, NOTIFICATION, KEEPALIVE and what may come: nothing for a routing table.
struct Ignored {
  std::string type;
};
/// The service reports an error of the stream.
struct StreamError {
  std::string message;
};

struct Message {
  TimePoint time;
  std::string host;  ///< the collector, without its domain: "rrc21"
  net::Address peer;
  net::Asn peer_asn = 0;
  std::variant<Update, PeerState, Ignored, StreamError> body;  ///< StreamError has none of the above
};

/// Reads one line. Holds a parser's buffers: use one for many lines, from one thread.
class Decoder {
 public:
  Decoder();
  ~Decoder();
  Decoder(Decoder&&) noexcept;
  Decoder& operator=(Decoder&&) noexcept;

  /// Decodes into `out`, whose memory is used again. The error names the field, its value and the rule. One
  /// bad prefix or AS number refuses the line as a whole: half an UPDATE is not what the peer said. Lines
  /// over `line_bytes_max` are refused. After an error `out` has no meaning.
  Result<void> decode_into(std::string_view line, Message& out);
  /// The same as a new value.
  Result<Message> decode(std::string_view line);
  static constexpr std::size_t line_bytes_max = 16U << 20U;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace peering::wire::ris
