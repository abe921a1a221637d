// One neighbour's finite state machine (RFC 4271 section 8), without sockets and clocks: events go in,
// actions come out. Who holds the sockets (`feeds/bgp_session`) carries the actions out and reports what
// happens.
//
// The speaker only listens: it sends OPEN, KEEPALIVE, NOTIFICATION, ROUTE-REFRESH, and never an UPDATE.
//
// A neighbour has up to two connections at a time, in slots 0 and 1: one that we opened and one that it
// opened (a collision, section 6.8, is resolved when the OPENs are there), or an established one and that of
// a router that has restarted (RFC 4724 section 4.2). Every connection is in OpenSent, OpenConfirm or
// Established; the neighbour as a whole is Idle (held off, or stopped), Connect or Active while there is
// none.
//
// After a failure the neighbour is held off: nothing is opened and nothing accepted for a time that doubles
// with each failure up to a limit and begins anew once a session has been up for `stable_time`.
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "wire/bgp/message.h"
#include "wire/bgp/session.h"
#include "wire/bgp/update_scan.h"

namespace peering::wire::bgp {

enum class State : std::uint8_t { idle, connect, active, open_sent, open_confirm, established };
/// "idle", "open_sent" and so on.
std::string_view to_string(State state);
/// "Idle", "OpenSent" and so on, as RFC 4271 section 8.2.2 writes them.
std::string_view rfc_name(State state);

struct FsmSettings {
  Open open;                 ///< what we say
  net::Asn peer_asn = 0;     ///< what the neighbour must say
  bool passive = true;       ///< we never open a connection
  bool role_strict = false;  ///< RFC 9234 section 4.2: a neighbour without a role is refused
  std::chrono::milliseconds connect_retry{30'000};  ///< longest pause between attempts to connect
  std::chrono::milliseconds open_time{60'000};      ///< for the neighbour's OPEN to come
  std::chrono::milliseconds hold_off_first{1000};   ///< after the first failure
  std::chrono::milliseconds hold_off_longest{60'000};
  std::chrono::milliseconds stable_time{60'000};
  std::uint32_t seed = 1;  ///< of the jitter (section 10): times are 75 % to 100 % of what they are set to
};

inline constexpr std::size_t slots_max = 2;

struct Timer {
  enum class Kind : std::uint8_t {
    connect_retry,
    hold_off,
    stable,
    hold,       ///< of a slot
    keepalive,  ///< of a slot
  };
  Kind kind = Kind::hold;
  std::size_t slot = 0;
  friend bool operator==(const Timer&, const Timer&) = default;
};

// --- actions, to be carried out in order ---

/// Begin to connect to the neighbour; tell `connected` or `connect_failed`.
struct OpenConnection {};
/// Close after what was sent before is written. The slot is free; no event may follow for it.
struct CloseConnection {
  std::size_t slot = 0;
};
struct SendBytes {
  std::size_t slot = 0;
  std::vector<std::uint8_t> bytes;
};
/// Sets the timer anew when it runs.
struct StartTimer {
  Timer timer;
  std::chrono::milliseconds after{};
};
struct StopTimer {
  Timer timer;
};
struct SessionUp {
  Open peer;
  Agreement agreement;
  /// Routes kept from before (`SessionDown::keep_routes_s`) stay until End-of-RIB; false: they are void.
  bool resumes = false;
};
struct SessionDown {
  std::string reason;  ///< for people
  /// RFC 4724: routes stay, as stale, for so long; nothing: they are gone.
  std::optional<std::uint16_t> keep_routes_s;
};
/// An UPDATE of the established session. Its faults never reset: that became a NOTIFICATION. Refers to the
/// bytes that `take` was given.
struct RoutesReceived {
  UpdateScan update;
};
/// RFC 7313: the neighbour begins (1) or ends (2) to repeat what was asked for.
struct RefreshMarker {
  RouteRefresh marker;
};
/// For counters and the log.
struct NotificationPassed {
  Notification notification;
  bool sent = false;  ///< by us
};
/// An UPDATE that cost the session, for counters.
struct UpdateFaulty {
  std::vector<Issue> issues;
};

using Action = std::variant<OpenConnection, CloseConnection, SendBytes, StartTimer, StopTimer, SessionUp,
                            SessionDown, RoutesReceived, RefreshMarker, NotificationPassed, UpdateFaulty>;
using Actions = std::vector<Action>;

/// Not thread-safe. Every event appends to `out` what is to be done.
class Fsm {
 public:
  explicit Fsm(FsmSettings settings);

  /// ManualStart; nothing when it is started already.
  void start(Actions& out);
  /// ManualStop with a NOTIFICATION. With `again_after` it starts by itself after that time, else not.
  void stop(const Notification& notification, std::optional<std::chrono::milliseconds> again_after,
            Actions& out);

  /// A TCP connection is there. Its slot; or nothing: it is not wanted now, close it.
  std::optional<std::size_t> connected(bool opened_by_us, Actions& out);
  /// What `OpenConnection` asked for did not work.
  void connect_failed(Actions& out);
  /// The neighbour closed the connection, or it broke. `why` for people.
  void closed(std::size_t slot, std::string_view why, Actions& out);
  /// Takes the message that `bytes` begin with; the bytes used, 0 when it is not whole yet (and when the slot
  /// is free, since nothing that follows matters). Call it again with the rest.
  std::size_t take(std::size_t slot, std::span<const std::uint8_t> bytes, Actions& out);
  void expired(const Timer& timer, Actions& out);
  /// Asks the neighbour to send the family again (RFC 2918). False when it cannot be asked.
  bool refresh(FamilyId family, Actions& out);

  /// Of the connection that is furthest, else of the neighbour.
  State state() const;
  State state(std::size_t slot) const { return lines_[slot].state; }
  bool is_established(std::size_t slot) const { return lines_[slot].state == State::established; }
  /// Free slots are Idle.
  bool is_free(std::size_t slot) const { return lines_[slot].state == State::idle; }

 private:
  struct Line {
    State state = State::idle;
    bool ours = false;
    std::uint64_t number = 0;  // which is the younger
    Open peer;
    Agreement agreement;
  };
  enum class Cause : std::uint8_t { connection_lost, notification, hard };

  void begin(Actions& out);
  void hold_off(Actions& out);
  void hold_off_for(std::chrono::milliseconds time, Actions& out);
  void stop_timers(std::size_t slot, Actions& out);
  void end(std::size_t slot, Cause cause, std::string_view reason, Actions& out);
  void refuse(std::size_t slot, const Notification& notification, Actions& out);
  void send(std::size_t slot, std::vector<std::uint8_t> bytes, Actions& out);
  void take_message(std::size_t slot, std::span<const std::uint8_t> message, Actions& out);
  void take_open(std::size_t slot, std::span<const std::uint8_t> body, Actions& out);
  void take_notification(std::size_t slot, std::span<const std::uint8_t> body, Actions& out);
  void take_update(std::size_t slot, std::span<const std::uint8_t> body, Actions& out);
  void take_refresh(std::size_t slot, std::span<const std::uint8_t> message, Actions& out);
  void become_established(std::size_t slot, Actions& out);
  void unexpected(std::size_t slot, MessageType type, Actions& out);
  bool survives_collision(std::size_t slot, Actions& out);
  void restart_hold(std::size_t slot, Actions& out);
  void start_keepalive(std::size_t slot, Actions& out);
  std::chrono::milliseconds jittered(std::chrono::milliseconds time);

  const FsmSettings settings_;
  bool started_ = false;
  State waiting_ = State::idle;  // while there is no connection
  std::array<Line, slots_max> lines_;
  std::uint64_t connections_ = 0;
  unsigned failures_ = 0;
  std::uint32_t random_;
  bool routes_kept_ = false;
};

/// The NOTIFICATION for an OPEN that cannot be accepted (RFC 4271 section 6.2, RFC 5492, 6286, 7607, 9234),
/// or what it says.
tl::expected<Open, Notification> judge_open(std::span<const std::uint8_t> body, const FsmSettings& settings);

/// The NOTIFICATION for an UPDATE whose worst fault is `reset_session` (RFC 4271 section 6.3).
Notification update_notification(std::span<const std::uint8_t> body, std::span<const Issue> issues,
                                 const SessionFacts& facts);

}  // namespace peering::wire::bgp
