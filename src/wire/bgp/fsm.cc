#include "wire/bgp/fsm.h"

#include <algorithm>

#include "wire/bgp/notification.h"

namespace peering::wire::bgp {

namespace {

using std::chrono::milliseconds;
using Kind = Timer::Kind;

Notification hold_timer_expired() {
  return {static_cast<std::uint8_t>(NotificationCode::hold_timer_expired), 0};
}

}  // namespace

std::string_view to_string(State state) {
  constexpr std::array<std::string_view, 6> names = {"idle",      "connect",      "active",
                                                     "open_sent", "open_confirm", "established"};
  return names[static_cast<std::size_t>(state)];
}

std::string_view rfc_name(State state) {
  constexpr std::array<std::string_view, 6> names = {"Idle",     "Connect",     "Active",
                                                     "OpenSent", "OpenConfirm", "Established"};
  return names[static_cast<std::size_t>(state)];
}

Fsm::Fsm(FsmSettings settings) : settings_(std::move(settings)), random_(settings_.seed | 1) {}

State Fsm::state() const {
  const State furthest = std::max(lines_[0].state, lines_[1].state);
  return furthest == State::idle ? waiting_ : furthest;
}

milliseconds Fsm::jittered(milliseconds time) {
  random_ ^= random_ << 13;
  random_ ^= random_ >> 17;
  random_ ^= random_ << 5;
  return time * (750 + random_ % 251) / 1000;
}

// --- between connections ---

void Fsm::start(Actions& out) {
  if (std::exchange(started_, true)) return;
  begin(out);
}

void Fsm::begin(Actions& out) {
  out.push_back(StopTimer{{Kind::hold_off}});
  waiting_ = settings_.passive ? State::active : State::connect;
  if (settings_.passive) return;
  out.push_back(OpenConnection{});
  out.push_back(StartTimer{{Kind::connect_retry}, jittered(settings_.connect_retry)});
}

void Fsm::hold_off(Actions& out) {
  constexpr unsigned doublings_max = 20;
  const milliseconds time = settings_.hold_off_first * (1U << std::min(failures_, doublings_max));
  ++failures_;
  hold_off_for(jittered(std::min(time, settings_.hold_off_longest)), out);
}

void Fsm::hold_off_for(milliseconds time, Actions& out) {
  waiting_ = State::idle;
  out.push_back(StopTimer{{Kind::connect_retry}});
  out.push_back(StartTimer{{Kind::hold_off}, time});
}

void Fsm::stop(const Notification& notification, std::optional<milliseconds> again_after, Actions& out) {
  started_ = false;
  for (std::size_t slot = 0; slot < slots_max; ++slot) {
    if (is_free(slot)) continue;
    out.push_back(NotificationPassed{notification, true});
    send(slot, encode_notification(notification), out);
    end(slot, Cause::hard, "we closed the session: " + to_text(notification), out);
  }
  waiting_ = State::idle;
  routes_kept_ = false;
  out.push_back(StopTimer{{Kind::connect_retry}});
  out.push_back(StopTimer{{Kind::hold_off}});
  if (!again_after) return;
  started_ = true;
  hold_off_for(*again_after, out);
}

void Fsm::connect_failed(Actions& out) {
  if (waiting_ != State::connect) return;
  waiting_ = State::active;
  const bool alone = is_free(0) && is_free(1);
  if (!alone) return;
  constexpr unsigned doublings_max = 20;
  const milliseconds time = settings_.hold_off_first * (1U << std::min(failures_, doublings_max));
  ++failures_;
  out.push_back(StartTimer{{Kind::connect_retry}, jittered(std::min(time, settings_.connect_retry))});
}

std::optional<std::size_t> Fsm::connected(bool opened_by_us, Actions& out) {
  if (!started_ || waiting_ == State::idle) return std::nullopt;
  const bool up = is_established(0) || is_established(1);
  if (up) {  // Only a router that has restarted begins anew beside its old connection (RFC 4724 section 4.2).
    const Line& old = lines_[is_established(0) ? 0 : 1];
    if (opened_by_us || !restart_time_s(old.peer)) return std::nullopt;
  }
  const std::size_t slot = is_free(0) ? 0 : 1;
  if (!is_free(slot)) return std::nullopt;
  lines_[slot] = Line{State::open_sent, opened_by_us, ++connections_, {}, {}};
  if (opened_by_us) {
    waiting_ = State::active;
    out.push_back(StopTimer{{Kind::connect_retry}});
  }
  send(slot, encode_open(settings_.open), out);
  out.push_back(StartTimer{{Kind::hold, slot}, settings_.open_time});
  return slot;
}

// --- the end of a connection ---

void Fsm::send(std::size_t slot, std::vector<std::uint8_t> bytes, Actions& out) {
  out.push_back(SendBytes{slot, std::move(bytes)});
}

void Fsm::stop_timers(std::size_t slot, Actions& out) {
  out.push_back(StopTimer{{Kind::hold, slot}});
  out.push_back(StopTimer{{Kind::keepalive, slot}});
}

void Fsm::end(std::size_t slot, Cause cause, std::string_view reason, Actions& out) {
  Line& line = lines_[slot];
  const State was = std::exchange(line.state, State::idle);
  stop_timers(slot, out);
  out.push_back(CloseConnection{slot});
  if (was == State::established) {
    out.push_back(StopTimer{{Kind::stable}});
    SessionDown down{std::string(reason), std::nullopt};
    const bool notified_softly = line.peer.graceful_restart && line.peer.graceful_restart->notification;
    if (cause == Cause::connection_lost || (cause == Cause::notification && notified_softly)) {
      down.keep_routes_s = restart_time_s(line.peer);
    }
    routes_kept_ = down.keep_routes_s.has_value();
    out.push_back(std::move(down));
  }
  if (started_ && is_free(0) && is_free(1)) hold_off(out);
}

void Fsm::refuse(std::size_t slot, const Notification& notification, Actions& out) {
  out.push_back(NotificationPassed{notification, true});
  send(slot, encode_notification(notification), out);
  end(slot, Cause::notification, "we closed the session: " + to_text(notification), out);
}

void Fsm::closed(std::size_t slot, std::string_view why, Actions& out) {
  if (!is_free(slot)) end(slot, Cause::connection_lost, why, out);
}

// --- messages ---

std::size_t Fsm::take(std::size_t slot, std::span<const std::uint8_t> bytes, Actions& out) {
  if (is_free(slot)) return 0;
  const Line& line = lines_[slot];
  const bool extended = line.state != State::open_sent && line.agreement.extended_message;
  const auto length = message_length(bytes, extended);
  if (!length) {
    refuse(slot, length.error(), out);
    return 0;
  }
  if (*length == 0 || *length > bytes.size()) return 0;
  take_message(slot, bytes.first(*length), out);
  return *length;
}

void Fsm::take_message(std::size_t slot, std::span<const std::uint8_t> message, Actions& out) {
  const auto type = static_cast<MessageType>(message[18]);
  const auto body = message.subspan(header_bytes);
  const State state = lines_[slot].state;
  if (type == MessageType::notification) return take_notification(slot, body, out);
  if (state == State::open_sent && type == MessageType::open) return take_open(slot, body, out);
  if (state == State::open_confirm && type == MessageType::keepalive) return become_established(slot, out);
  if (state != State::established || type == MessageType::open) return unexpected(slot, type, out);
  restart_hold(slot, out);
  if (type == MessageType::update) return take_update(slot, body, out);
  if (type == MessageType::route_refresh) return take_refresh(slot, message, out);
}

// RFC 6608: the subcode names the state, the data the type of the message.
void Fsm::unexpected(std::size_t slot, MessageType type, Actions& out) {
  const State state = lines_[slot].state;
  const std::uint8_t subcode = state == State::open_sent ? 1 : state == State::open_confirm ? 2 : 3;
  const auto code = static_cast<std::uint8_t>(NotificationCode::finite_state_machine);
  refuse(slot, {code, subcode, {static_cast<std::uint8_t>(type)}}, out);
}

void Fsm::take_notification(std::size_t slot, std::span<const std::uint8_t> body, Actions& out) {
  const Notification notification = *decode_notification(body);  // the header's length says it has two bytes
  out.push_back(NotificationPassed{notification, false});
  const Cause cause = is_hard_reset(notification) ? Cause::hard : Cause::notification;
  end(slot, cause, "the neighbor closed the session: " + to_text(notification), out);
}

void Fsm::take_open(std::size_t slot, std::span<const std::uint8_t> body, Actions& out) {
  auto open = judge_open(body, settings_);
  if (!open) return refuse(slot, open.error(), out);
  Line& line = lines_[slot];
  line.agreement = agree(*open, settings_.open);
  line.peer = std::move(*open);
  if (!survives_collision(slot, out)) return;
  line.state = State::open_confirm;
  send(slot, encode_keepalive(), out);
  restart_hold(slot, out);
  start_keepalive(slot, out);
}

// RFC 4271 section 6.8: of two connections one goes, when the OPEN of this one is read. False: this one went.
bool Fsm::survives_collision(std::size_t slot, Actions& out) {
  const std::size_t other_slot = 1 - slot;
  const Line &line = lines_[slot], &other = lines_[other_slot];
  if (other.state < State::open_confirm) return true;
  bool other_goes = true;
  if (other.state == State::established) {
    if (restart_time_s(line.peer)) {  // it has restarted: no NOTIFICATION (RFC 4724 section 4.2)
      end(other_slot, Cause::connection_lost, "the neighbor has restarted", out);
      return true;
    }
    other_goes = false;
  } else if (line.ours == other.ours) {
    other_goes = other.number < line.number;
  } else {  // RFC 6286 section 2.3: equal identifiers are told apart by the AS numbers
    const auto own = std::pair(settings_.open.bgp_identifier, settings_.open.asn);
    const bool ours_goes = own < std::pair(line.peer.bgp_identifier, line.peer.asn);
    other_goes = other.ours == ours_goes;
  }
  refuse(other_goes ? other_slot : slot, cease(CeaseSubcode::connection_collision), out);
  return other_goes;
}

void Fsm::become_established(std::size_t slot, Actions& out) {
  Line& line = lines_[slot];
  line.state = State::established;
  out.push_back(StopTimer{{Kind::connect_retry}});
  out.push_back(StartTimer{{Kind::stable}, settings_.stable_time});
  restart_hold(slot, out);
  SessionUp up{line.peer, line.agreement, false};
  const auto& restart = line.peer.graceful_restart;
  const auto kept = [&](FamilyId family) {
    return restart && std::ranges::any_of(restart->entries, [&](const auto& entry) {
             return entry.family == family && entry.forwarding_kept;
           });
  };
  up.resumes = std::exchange(routes_kept_, false) && std::ranges::all_of(line.agreement.families, kept);
  out.push_back(std::move(up));
  const std::size_t other = 1 - slot;
  if (!is_free(other) && !is_established(other)) {
    refuse(other, cease(CeaseSubcode::connection_collision), out);
  }
}

void Fsm::take_update(std::size_t slot, std::span<const std::uint8_t> body, Actions& out) {
  const SessionFacts& facts = lines_[slot].agreement.facts;
  UpdateScan update = scan_update(body, facts);
  if (update.outcome() != Outcome::reset_session) {
    out.push_back(RoutesReceived{std::move(update)});
    return;
  }
  std::vector<Issue> issues = std::move(update.attributes.issues);
  const Notification notification = update_notification(body, issues, facts);
  out.push_back(UpdateFaulty{std::move(issues)});
  refuse(slot, notification, out);
}

void Fsm::take_refresh(std::size_t slot, std::span<const std::uint8_t> message, Actions& out) {
  const auto body = message.subspan(header_bytes);
  const RouteRefresh refresh = *decode_route_refresh(body);  // the header's length says it has four bytes
  const bool enhanced = lines_[slot].agreement.enhanced_route_refresh;
  if (enhanced && (refresh.subtype == 1 || refresh.subtype == 2)) {
    if (body.size() == 4) return out.push_back(RefreshMarker{refresh});
    const auto code = static_cast<std::uint8_t>(NotificationCode::route_refresh);
    return refuse(slot, {code, 1, {message.begin(), message.end()}}, out);
  }
  // We announce nothing: what is asked for begins and ends at once (RFC 7313 section 4).
  if (refresh.subtype != 0 || !enhanced) return;
  send(slot, encode_route_refresh({refresh.family, 1}), out);
  send(slot, encode_route_refresh({refresh.family, 2}), out);
}

bool Fsm::refresh(FamilyId family, Actions& out) {
  for (std::size_t slot = 0; slot < slots_max; ++slot) {
    const Agreement& agreement = lines_[slot].agreement;
    if (!is_established(slot) || !agreement.route_refresh || !agreement.has(family)) continue;
    send(slot, encode_route_refresh({family, 0}), out);
    return true;
  }
  return false;
}

// --- timers ---

void Fsm::restart_hold(std::size_t slot, Actions& out) {
  const std::chrono::seconds hold(lines_[slot].agreement.hold_time_s);
  if (hold.count() > 0) {
    out.push_back(StartTimer{{Kind::hold, slot}, hold});
  } else {
    out.push_back(StopTimer{{Kind::hold, slot}});
  }
}

void Fsm::start_keepalive(std::size_t slot, Actions& out) {
  const milliseconds hold = std::chrono::seconds(lines_[slot].agreement.hold_time_s);
  if (hold.count() > 0) out.push_back(StartTimer{{Kind::keepalive, slot}, jittered(hold / 3)});
}

void Fsm::expired(const Timer& timer, Actions& out) {
  switch (timer.kind) {
    case Kind::connect_retry:
      if (started_ && waiting_ != State::idle && is_free(0) && is_free(1)) begin(out);
      return;
    case Kind::hold_off:
      if (started_ && waiting_ == State::idle) begin(out);
      return;
    case Kind::stable:
      failures_ = 0;
      return;
    case Kind::hold:
      if (!is_free(timer.slot)) refuse(timer.slot, hold_timer_expired(), out);
      return;
    case Kind::keepalive:
      if (lines_[timer.slot].state < State::open_confirm) return;
      send(timer.slot, encode_keepalive(), out);
      start_keepalive(timer.slot, out);
      return;
  }
}

}  // namespace peering::wire::bgp
