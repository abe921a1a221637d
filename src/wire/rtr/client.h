// The router's side of RPKI-to-Router as a pure state machine: bytes, connections and time go in, what to
// send and whether to close comes out. One object a cache; it outlives its connections.
//
// A connection begins with a query: a Serial Query when data is held from a session of the same protocol
// version, else a Reset Query. What the answer announces and withdraws is put in force at its End of Data,
// all at once; a connection that ends before leaves what was held. Data is held until `expire` after the last
// End of Data, whatever happens to connections, and then dropped.
//
// Versions (RFC 8210 section 7): we begin with the highest. A cache that answers with a lower one, or with
// the error "unsupported protocol version", or that closes without a word, is asked in a lower one; below 0
// it starts again from the top. From the first answer on, every PDU must be of that version.
//
// A session id that changes (the cache was restarted) means the next query is a Reset Query. The data of
// before stays in force until that is answered or it expires: dropping it at once would make every route's
// validity unknown for a moment and open and close events for nothing.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "wire/rtr/pdu.h"
#include "wire/rtr/record_set.h"

namespace peering::wire::rtr {

/// A moment of a clock that never jumps.
using Instant = std::chrono::steady_clock::time_point;

struct ClientLimits {
  std::size_t records_max = 8'000'000;     ///< of one cache; one that says more is dropped
  std::chrono::seconds answer_time{60};    ///< longest silence of a cache that owes us something
  std::chrono::seconds first_retry{1};     ///< doubles up to the cache's retry interval
  std::chrono::seconds unknown_retry{60};  ///< the cache's retry interval before it said one
};

/// What the caller has to do, in this order: send, tell, close.
struct ClientActions {
  std::vector<std::uint8_t> send;
  std::vector<std::string> notes;  ///< for the log, one sentence each
  bool data_changed = false;       ///< an End of Data put something in force, or data expired
  bool close = false;
};

/// What is counted about a cache; each only grows.
struct ClientCounts {
  std::uint64_t pdus = 0, errors_received = 0, errors_sent = 0, end_of_data = 0, expired = 0;
};

/// Not thread-safe; never throws but for lack of memory.
class Client {
 public:
  explicit Client(ClientLimits limits = {}) : limits_(limits) {}

  /// The connection is up.
  ClientActions connected(Instant now);
  /// Bytes arrived, any number of them.
  ClientActions received(std::span<const std::uint8_t> bytes, Instant now);
  /// The connection could not be made, or ended (also after we asked to close it).
  ClientActions disconnected(Instant now);
  /// Time passed; call at `next_event`, or now and then.
  ClientActions tick(Instant now);

  /// When `tick` has something to do.
  Instant next_event() const;
  /// When the next connection should be tried; only while not connected.
  Instant retry_at() const { return retry_at_; }

  bool is_connected() const { return phase_ != Phase::away; }
  /// Connected, and the last answer was complete.
  bool is_synchronised() const { return phase_ == Phase::synchronised; }
  bool has_data() const { return end_of_data_at_.has_value(); }
  std::vector<Vrp> vrps() const;
  /// Providers by customer, both families together.
  std::vector<Aspa> aspas() const;
  std::size_t router_keys() const { return router_keys_.held().size(); }
  std::uint8_t version() const { return version_; }
  std::uint32_t serial() const { return serial_; }
  /// In force, within the ranges of RFC 8210 section 6.
  const Intervals& intervals() const { return intervals_; }
  const ClientCounts& counts() const { return counts_; }
  /// Asks for everything again at the next `tick` when synchronised: a second opinion.
  void ask_again() { ask_again_ = true; }

 private:
  enum class Phase : std::uint8_t {
    away,          // not connected
    asked,         // a query is out
    receiving,     // between Cache Response and End of Data
    synchronised,  // nothing is owed
    no_data,       // the cache has none now; asked again after a while
  };
  struct VrpHash {
    std::size_t operator()(const Vrp& vrp) const noexcept;
  };
  struct RouterKeyHash {
    std::size_t operator()(const RouterKey& key) const noexcept;
  };
  using AspaKey = std::pair<net::Asn, AspaScope>;

  void query(bool anew, Instant now, ClientActions& out);
  void take(std::span<const std::uint8_t> bytes, Instant now, ClientActions& out);
  bool agree_on_version(const Versioned& pdu, std::span<const std::uint8_t> bytes, ClientActions& out);
  void handle(const Versioned& pdu, std::span<const std::uint8_t> bytes, Instant now, ClientActions& out);
  void begin_response(const CacheResponse& response, std::span<const std::uint8_t> bytes, ClientActions& out);
  void record(const Pdu& pdu, std::span<const std::uint8_t> bytes, ClientActions& out);
  void end_response(const EndOfData& end, std::span<const std::uint8_t> bytes, Instant now,
                    ClientActions& out);
  void notified(const SerialNotify& notify, Instant now, ClientActions& out);
  void told(const ErrorReport& report, std::uint8_t version, Instant now, ClientActions& out);
  void use_intervals(const Intervals& offered, ClientActions& out);
  void refuse(ErrorKind kind, std::string_view why, std::span<const std::uint8_t> bytes, ClientActions& out);
  void forget_session() { session_.reset(); }
  std::size_t records() const { return vrps_.size() + router_keys_.size() + aspas_next_.size(); }

  ClientLimits limits_;
  ClientCounts counts_;
  Phase phase_ = Phase::away;
  std::vector<std::uint8_t> buffer_;
  std::uint8_t version_ = version_max;
  bool negotiating_ = false;    // the cache has not answered in this connection yet
  bool heard_ = false;          // anything at all was said in this connection
  bool retry_at_once_ = false;  // the version was refused: no need to wait
  bool anew_ = true;            // what the query out asked for
  bool ask_again_ = false;
  std::optional<std::uint16_t> session_;
  std::uint8_t session_version_ = 0;
  std::uint32_t serial_ = 0;
  Intervals intervals_;
  bool intervals_known_ = false;
  std::optional<Instant> end_of_data_at_;
  Instant heard_at_{}, ask_at_{}, retry_at_{};
  unsigned failures_ = 0;  // connections in a row without an End of Data
  RecordSet<Vrp, VrpHash> vrps_;
  RecordSet<RouterKey, RouterKeyHash> router_keys_;
  std::map<AspaKey, std::vector<net::Asn>> aspas_, aspas_next_;
};

}  // namespace peering::wire::rtr
