#include "feeds/bgp_session.h"

#include <algorithm>
#include <array>
#include <deque>
#include <functional>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "base/log.h"
#include "feeds/archive.h"
#include "feeds/bgp_conversation.h"
#include "feeds/bgp_sockets.h"
#include "feeds/bgp_to_mrt.h"
#include "feeds/shard_router.h"
#include "wire/bgp/notification.h"

namespace peering::feeds {

namespace {

namespace asio = boost::asio;
namespace bgp = wire::bgp;
using asio::ip::tcp;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::size_t read_bytes = 64 * 1024;
// We send little; a neighbour that does not even read that is gone.
constexpr std::size_t unsent_bytes_max = 64 * 1024;
constexpr milliseconds full_pause_first{1}, full_pause_longest{50};
// For the neighbour to read our last NOTIFICATION before the connection is gone.
constexpr milliseconds linger_time{1000};
constexpr milliseconds unread_pause{1000};
constexpr std::size_t timers = 3 + 2 * bgp::slots_max;

std::size_t index_of(const bgp::Timer& timer) {
  const auto kind = static_cast<std::size_t>(timer.kind);
  return kind < 3 ? kind : 3 + (kind - 3) * bgp::slots_max + timer.slot;
}

net::Asn own_asn(const BgpSettings& settings, const BgpNeighbor& neighbor) {
  return neighbor.local_asn != 0 ? neighbor.local_asn : settings.asn;
}

bgp::FsmSettings fsm_settings(const BgpSettings& settings, const BgpNeighbor& neighbor) {
  bgp::FsmSettings out;
  bgp::Open& open = out.open;
  open.asn = own_asn(settings, neighbor);
  open.hold_time_s = neighbor.hold_time_s;
  open.bgp_identifier = settings.router_id;
  open.four_octet_asn = open.extended_message = true;
  open.route_refresh = open.enhanced_route_refresh = true;
  open.families = neighbor.families;
  open.extended_next_hop = {{}};
  open.graceful_restart = bgp::Open::GracefulRestart{false, true, 0, {}};
  if (neighbor.add_path) {
    for (const bgp::FamilyId family : neighbor.families) open.add_path.push_back({family, true, false});
  }
  if (neighbor.role) open.roles = {static_cast<std::uint8_t>(*neighbor.role)};
  out.peer_asn = neighbor.asn;
  out.passive = neighbor.passive;
  out.role_strict = neighbor.role_strict;
  out.connect_retry = settings.connect_retry;
  out.open_time = settings.open_time;
  out.hold_off_first = settings.hold_off_first;
  out.hold_off_longest = settings.hold_off_longest;
  out.stable_time = settings.stable_time;
  out.seed = static_cast<std::uint32_t>(std::hash<net::Address>{}(neighbor.address)) ^
             static_cast<std::uint32_t>(Clock::now().time_since_epoch().count());
  return out;
}

asio::ip::address asio_address(const net::Address& address) {
  return asio::ip::make_address(address.to_string());
}

// One TCP connection.
struct Line {
  explicit Line(tcp::socket given) : socket(std::move(given)) {}
  tcp::socket socket;
  std::vector<std::uint8_t> unread;
  std::size_t filled = 0;
  std::vector<std::uint8_t> unsent;
  bool sending = false, open = true;
};
using LinePointer = std::shared_ptr<Line>;

// Writes what the socket takes at once; the last words, before it is closed.
void send_now(Line& line) {
  error_code error;
  line.socket.non_blocking(true, error);
  while (!error && !line.unsent.empty() && !line.sending) {
    const std::size_t count = line.socket.write_some(asio::buffer(line.unsent), error);
    line.unsent.erase(line.unsent.begin(), line.unsent.begin() + static_cast<std::ptrdiff_t>(count));
  }
}

// Reads on for a while without looking: closing with unread bytes would reset the connection and take our
// last NOTIFICATION away from the neighbour.
void linger(asio::io_context& context, const LinePointer& line) {
  error_code ignored;
  line->socket.shutdown(tcp::socket::shutdown_send, ignored);
  const auto timer = std::make_shared<asio::steady_timer>(context, linger_time);
  timer->async_wait([line](error_code) {
    error_code also_ignored;
    line->socket.close(also_ignored);
  });
  line->unread.resize(read_bytes);
  const auto drain = std::make_shared<std::function<void()>>();
  *drain = [line, timer, weak = std::weak_ptr(drain)] {
    const auto again = weak.lock();
    line->socket.async_read_some(asio::buffer(line->unread), [timer, again](error_code error, std::size_t) {
      if (!again || error) {
        timer->cancel();
      } else {
        (*again)();
      }
    });
  };
  (*drain)();
}

class Session final : public BgpSession {
 public:
  Session(const BgpSettings& settings, const BgpNeighbor& neighbor, Services services)
      : neighbor_(neighbor),
        prefix_limit_pause_(settings.prefix_limit_pause),
        repeat_time_max_(settings.repeat_time_max),
        services_(services),
        source_(services.peers.sessions().new_source()),
        own_asn_(own_asn(settings, neighbor)),
        archive_(settings.archive),
        fsm_(fsm_settings(settings, neighbor)),
        conversation_(neighbor, services.peers, services.metrics),
        shards_(services.shards),
        repeat_timers_{asio::steady_timer(services.context), asio::steady_timer(services.context)},
        pump_(services.context),
        dialing_(services.context) {
    for (std::size_t i = 0; i < timers; ++i) timers_.emplace_back(services.context);
    services_.metrics.in_state(fsm_.state()).add(1);
  }

  void start() override {
    tell_session();
    bgp::Actions actions;
    fsm_.start(actions);
    perform(actions);
  }

  void accepted(tcp::socket socket) override {
    error_code error;
    const auto local = socket.local_endpoint(error).address();
    const auto wanted = neighbor_.local_address;
    const bool on_ipv6 = local.is_v6();
    if (error || (wanted && asio_address(*wanted) != plain(local))) {
      return services_.metrics.refused(BgpRefusal::wrong_local_address);
    }
    if (!secure(socket, on_ipv6)) return;
    if (neighbor_.ttl_security > 0 && !near(ttl_of_connection_request(socket.native_handle()))) {
      return services_.metrics.refused(BgpRefusal::too_many_hops);
    }
    take_connection(std::move(socket), false);
  }

  void stop(std::string_view words) override {
    stopped_ = true;
    bgp::Actions actions;
    fsm_.stop(bgp::cease(bgp::CeaseSubcode::administrative_shutdown, words), std::nullopt, actions);
    perform(actions);
    error_code ignored;
    dialing_.close(ignored);
    pump_.cancel();
    cancel_timers();
  }

  void leave(const bgp::Notification& last, bool for_good, std::function<void()> gone) override {
    conversation_.forget(now(), bgp::to_text(last), for_good, messages_);
    bgp::Actions actions;
    fsm_.stop(last, std::nullopt, actions);
    perform_all(actions);
    archive_records();
    log::info("BGP neighbor {}: {}", neighbor_.shown_name(), bgp::to_text(last));
    error_code ignored;
    dialing_.close(ignored);
    ++attempts_;
    cancel_timers();
    services_.metrics.in_state(fsm_.state()).add(-1);
    services_.peers.sessions().forget(source_, neighbor_.shown_name(), now());
    gone_ = std::move(gone);
    deliver_last();
  }

  bool refresh() override {
    bgp::Actions actions;
    bool asked = false;
    for (const bgp::FamilyId family : neighbor_.families) asked |= fsm_.refresh(family, actions);
    perform(actions);
    return asked;
  }

 private:
  // Deadlines move with every message; the timer itself only when it fires too early or too late.
  struct ArmedTimer {
    explicit ArmedTimer(asio::io_context& context) : timer(context) {}
    asio::steady_timer timer;
    std::optional<Clock::time_point> deadline, armed;
  };

  std::shared_ptr<Session> self() { return std::static_pointer_cast<Session>(shared_from_this()); }

  static asio::ip::address plain(const asio::ip::address& address) {
    if (address.is_v6() && address.to_v6().is_v4_mapped()) {
      return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
    }
    return address;
  }

  // What came between the connection and secure() is limited by nothing but this.
  bool near(std::optional<int> ttl) const { return ttl && *ttl >= least_ttl(neighbor_.ttl_security); }

  bool secure(tcp::socket& socket, bool on_ipv6) {
    if (neighbor_.ttl_security == 0) return true;
    const auto done = set_ttl_security(socket.native_handle(), on_ipv6, neighbor_.ttl_security);
    if (!done) log::error("BGP neighbor {}: {}", neighbor_.shown_name(), done.error().message);
    return done.has_value();
  }

  // --- connections ---

  void dial() {
    error_code error;
    dialing_.close(error);
    dialing_ = tcp::socket(services_.context);
    const tcp::endpoint remote(asio_address(neighbor_.address), neighbor_.port);
    dialing_.open(remote.protocol(), error);
    const bool on_ipv6 = !neighbor_.address.is_v4();
    if (!error && neighbor_.local_address) {
      dialing_.bind(tcp::endpoint(asio_address(*neighbor_.local_address), 0), error);
    }
    Result<void> secured;
    if (!error && !neighbor_.password.empty()) {
      secured = set_tcp_md5(dialing_.native_handle(), on_ipv6, neighbor_.address, neighbor_.password);
    }
    if (!secured) log::error("BGP neighbor {}: {}", neighbor_.shown_name(), secured.error().message);
    if (error || !secured || !secure(dialing_, on_ipv6)) return dial_failed();
    const std::uint64_t attempt = ++attempts_;
    dialing_.async_connect(remote, [session = self(), attempt](error_code failure) {
      if (attempt != session->attempts_ || session->stopped_) return;
      if (failure) return session->dial_failed();
      session->take_connection(std::exchange(session->dialing_, tcp::socket(session->services_.context)),
                               true);
    });
  }

  void dial_failed() {
    ++attempts_;
    asio::post(services_.context, [session = self()] {
      bgp::Actions actions;
      session->fsm_.connect_failed(actions);
      session->perform(actions);
    });
  }

  void take_connection(tcp::socket socket, bool ours) {
    bgp::Actions actions;
    const auto slot = fsm_.connected(ours, actions);
    if (!slot) return services_.metrics.refused(BgpRefusal::not_awaited);
    error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    const auto line = std::make_shared<Line>(std::move(socket));
    lines_[*slot] = line;
    perform(actions);
    asio::co_spawn(services_.context, read(self(), line, *slot), [](const std::exception_ptr& failure) {
      if (failure) log::error("the reader of a BGP neighbor ended by an exception");
    });
  }

  static asio::awaitable<void> read(std::shared_ptr<Session> session, LinePointer line, std::size_t slot) {
    const auto token = asio::as_tuple(asio::use_awaitable);
    while (line->open) {
      if (line->filled + read_bytes > line->unread.size()) line->unread.resize(line->filled + read_bytes);
      const auto space = asio::buffer(line->unread.data() + line->filled, read_bytes);
      const auto [error, count] = co_await line->socket.async_read_some(space, token);
      if (!line->open) break;
      line->filled += count;
      session->services_.metrics.bytes.add(static_cast<double>(count));
      if (error) {
        session->lost(slot, error == asio::error::eof ? "the neighbor closed the connection"
                                                      : "the connection broke: " + error.message());
        break;
      }
      co_await session->take_messages(line, slot);
    }
  }

  asio::awaitable<void> take_messages(LinePointer line, std::size_t slot) {
    std::size_t used = 0;
    while (line->open) {
      const auto bytes = std::span<const std::uint8_t>(line->unread).first(line->filled).subspan(used);
      bgp::Actions& actions = actions_;
      actions.clear();
      const std::size_t now_used = fsm_.take(slot, bytes, actions);
      used += now_used;
      // Before the actions: a message that costs the session is its last one.
      if (archived_.is_up() && slot == archived_slot_) archived_.take(bytes.first(now_used), now());
      perform_all(actions);
      if (now_used == 0) break;
      if (held_bytes(messages_) >= ShardRouter::held_bytes_max && !deliver()) co_await wait_for_shards();
    }
    archive_records();
    if (!deliver()) co_await wait_for_shards();
    if (!line->open) co_return;
    line->unread.erase(line->unread.begin(), line->unread.begin() + static_cast<std::ptrdiff_t>(used));
    line->filled -= used;
  }

  void lost(std::size_t slot, const std::string& why) {
    bgp::Actions actions;
    fsm_.closed(slot, why, actions);
    perform(actions);
  }

  // --- the shards ---

  bool deliver() { return shards_.push(messages_); }

  asio::awaitable<void> wait_for_shards() {
    services_.metrics.waits.add();
    ++waiting_;
    auto pause = full_pause_first;
    asio::steady_timer timer(services_.context);
    const auto token = asio::as_tuple(asio::use_awaitable);
    while (!stopped_ && !deliver()) {
      timer.expires_after(pause);
      pause = std::min(pause * 2, full_pause_longest);
      co_await timer.async_wait(token);
    }
    --waiting_;
  }

  // What no reader waits for: the end of a session by a timer.
  void deliver_later() {
    if (stopped_ || gone_ || deliver() || waiting_ > 0) return;
    pump_.expires_after(full_pause_longest);
    pump_.async_wait([session = self()](error_code cancelled) {
      if (!cancelled) session->deliver_later();
    });
  }

  // The end of a session that leaves: nothing of it may come after what its successor says.
  void deliver_last() {
    if (stopped_) return;
    if (deliver()) {
      stopped_ = true;
      return std::exchange(gone_, nullptr)();
    }
    pump_.expires_after(full_pause_longest);
    pump_.async_wait([session = self()](error_code cancelled) {
      if (!cancelled) session->deliver_last();
    });
  }

  // --- actions ---

  void perform(bgp::Actions& actions) {
    perform_all(actions);
    archive_records();
    deliver_later();
  }

  void perform_all(bgp::Actions& actions) {
    std::optional<bgp::Notification> limit;
    for (bgp::Action& action : actions) {
      if (const auto* routes = std::get_if<bgp::RoutesReceived>(&action)) {
        limit = conversation_.routes(routes->update, now(), messages_);
      } else {
        std::visit([this](auto& what) { act(what); }, action);
      }
    }
    if (shown_ != fsm_.state()) {
      services_.metrics.moved(std::exchange(shown_, fsm_.state()), fsm_.state());
      tell_session();
    }
    if (!limit) return;
    services_.metrics.prefix_limits.add();
    log::warning("BGP neighbor {} sends more than {} prefixes of one family", neighbor_.shown_name(),
                 neighbor_.prefixes_max);
    bgp::Actions ending;
    const auto again = prefix_limit_pause_.count() > 0 ? std::optional(prefix_limit_pause_) : std::nullopt;
    fsm_.stop(*limit, again, ending);
    perform_all(ending);
  }

  void act(const bgp::OpenConnection&) { dial(); }
  void act(const bgp::CloseConnection& close) {
    const LinePointer line = std::exchange(lines_[close.slot], nullptr);
    if (!line) return;
    line->open = false;
    error_code ignored;
    line->socket.cancel(ignored);
    send_now(*line);
    linger(services_.context, line);
  }
  void act(bgp::SendBytes& send) {
    const LinePointer line = lines_[send.slot];
    if (!line) return;
    line->unsent.insert(line->unsent.end(), send.bytes.begin(), send.bytes.end());
    send_now(*line);
    if (!line->unsent.empty()) write_rest(line, send.slot);
  }
  void act(const bgp::StartTimer& start) {
    ArmedTimer& timer = timers_[index_of(start.timer)];
    timer.deadline = Clock::now() + start.after;
    if (!timer.armed || *timer.armed > *timer.deadline) arm(start.timer);
  }
  void act(const bgp::StopTimer& stop) { timers_[index_of(stop.timer)].deadline.reset(); }
  void act(const bgp::SessionUp& up) {
    conversation_.up(up, now(), messages_);
    archive_up(up);
  }
  void act(const bgp::SessionDown& down) {
    archived_.down(now());
    if (!stopped_) conversation_.down(down, now(), messages_);
  }
  void act(const bgp::RoutesReceived&) {}
  void act(const bgp::RefreshMarker& refresh) {
    log::info("BGP neighbor {} {} to repeat its routes", neighbor_.shown_name(),
              refresh.marker.subtype == 1 ? "begins" : "ends");
    conversation_.repeat(refresh.marker, now(), messages_);
    if (refresh.marker.subtype == 1) await_end_of_repeat(refresh.marker.family, repeat_time_max_);
  }
  void act(const bgp::NotificationPassed& passed) {
    services_.metrics.notification(passed);
    log::info("BGP NOTIFICATION {} {}: {}", passed.sent ? "to" : "from", neighbor_.shown_name(),
              bgp::to_text(passed.notification));
  }
  void act(const bgp::UpdateFaulty& faulty) { services_.metrics.faults(faulty.issues); }

  // --- who else is told ---

  std::size_t established_slot() const { return fsm_.is_established(0) ? 0 : 1; }

  // Our end of the connection, while there is one.
  std::optional<net::Address> own_address(std::size_t slot) const {
    const LinePointer& line = lines_[slot];
    if (!line) return std::nullopt;
    error_code error;
    const auto local = line->socket.local_endpoint(error).address();
    const auto own = net::Address::parse(plain(local).to_string());
    return error || !own ? std::nullopt : std::optional(*own);
  }

  void tell_session() {
    const std::string router = neighbor_.shown_name();
    services_.peers.sessions().tell(source_, {.router = router,
                                              .distinguisher = 0,
                                              .pop = services_.peers.pop_of(router, neighbor_.address),
                                              .peer_address = neighbor_.address,
                                              .local_address = own_address(established_slot()),
                                              .peer_asn = neighbor_.asn,
                                              .established = shown_ == bgp::State::established,
                                              .state = std::string(bgp::rfc_name(shown_)),
                                              .since = now()});
  }

  // --- the archive ---

  void archive_up(const bgp::SessionUp& up) {
    if (!archive_) return;
    archived_slot_ = established_slot();
    const auto own = own_address(archived_slot_);
    if (!own) return;
    archived_.up({neighbor_.asn, own_asn_, neighbor_.address, *own}, up.agreement.facts, now());
  }

  void archive_records() {
    if (auto records = archived_.records(); !records.empty()) archive_->push(now(), std::move(records));
  }

  // One write at a time; what comes meanwhile waits for its end.
  void write_rest(const LinePointer& line, std::size_t slot) {
    if (line->sending) {
      if (line->unsent.size() > unsent_bytes_max) {
        asio::post(services_.context, [session = self(), line, slot] {
          if (line->open) session->lost(slot, "the neighbor does not read");
        });
      }
      return;
    }
    line->sending = true;
    const auto bytes = std::make_shared<std::vector<std::uint8_t>>(std::move(line->unsent));
    line->unsent.clear();
    asio::async_write(line->socket, asio::buffer(*bytes),
                      [session = self(), line, slot, bytes](error_code error, std::size_t) {
                        line->sending = false;
                        if (error || !line->open || line->unsent.empty()) return;
                        session->write_rest(line, slot);
                      });
  }

  // --- timers ---

  void arm(const bgp::Timer& which) {
    ArmedTimer& timer = timers_[index_of(which)];
    timer.armed = timer.deadline;
    timer.timer.expires_at(*timer.deadline);
    timer.timer.async_wait([session = self(), which](error_code cancelled) {
      if (!cancelled) session->fired(which);
    });
  }

  void fired(const bgp::Timer& which) {
    if (stopped_) return;
    ArmedTimer& timer = timers_[index_of(which)];
    timer.armed.reset();
    if (!timer.deadline) return;
    if (*timer.deadline > Clock::now()) return arm(which);
    if (which.kind == bgp::Timer::Kind::hold && not_its_fault(which.slot)) {
      timer.deadline = Clock::now() + unread_pause;
      return arm(which);
    }
    timer.deadline.reset();
    bgp::Actions actions;
    fsm_.expired(which, actions);
    perform(actions);
  }

  void await_end_of_repeat(bgp::FamilyId family, milliseconds time) {
    if (!conversation_.repeats(family)) return;
    asio::steady_timer& timer = repeat_timers_[family == bgp::ipv4_unicast ? 0 : 1];
    timer.expires_after(time);
    timer.async_wait([session = self(), family](error_code cancelled) {
      if (!cancelled && !session->stopped_) session->end_overdue_repeat(family);
    });
  }

  void end_overdue_repeat(bgp::FamilyId family) {
    if (!conversation_.repeats(family)) return;
    // The end may be among what we have not read.
    if (not_its_fault(fsm_.is_established(0) ? 0 : 1)) return await_end_of_repeat(family, unread_pause);
    services_.metrics.overdue_repeats.add();
    log::warning("BGP neighbor {} has not ended to repeat its routes after {} s: what it did not repeat goes",
                 neighbor_.shown_name(),
                 std::chrono::duration_cast<std::chrono::seconds>(repeat_time_max_).count());
    conversation_.repeat({family, 2}, now(), messages_);
    deliver_later();
  }

  void cancel_timers() {
    for (ArmedTimer& timer : timers_) timer.timer.cancel();
    for (asio::steady_timer& timer : repeat_timers_) timer.cancel();
  }

  // There are bytes of the neighbour that we have not looked at.
  bool not_its_fault(std::size_t slot) const {
    const LinePointer& line = lines_[slot];
    if (!line || !fsm_.is_established(slot)) return false;
    error_code error;
    return waiting_ > 0 || (line->socket.available(error) > 0 && !error);
  }

  const BgpNeighbor neighbor_;
  const milliseconds prefix_limit_pause_, repeat_time_max_;
  Services services_;
  const std::uint64_t source_;  // of what it tells of its session
  const net::Asn own_asn_;
  Archive* const archive_;
  BgpToMrt archived_;
  std::size_t archived_slot_ = 0;
  bgp::Fsm fsm_;
  BgpConversation conversation_;
  ShardRouter shards_;
  std::vector<ShardMessage> messages_;  // not yet handed on
  bgp::Actions actions_;                // of the message that is being taken
  std::array<LinePointer, bgp::slots_max> lines_;
  std::deque<ArmedTimer> timers_;
  std::array<asio::steady_timer, 2> repeat_timers_;  // by family
  asio::steady_timer pump_;
  tcp::socket dialing_;
  std::uint64_t attempts_ = 0;
  bgp::State shown_ = bgp::State::idle;
  int waiting_ = 0;
  std::function<void()> gone_;  // of a session that leaves
  bool stopped_ = false;
};

}  // namespace

std::shared_ptr<BgpSession> BgpSession::make(const BgpSettings& settings, const BgpNeighbor& neighbor,
                                             Services services) {
  return std::make_shared<Session>(settings, neighbor, services);
}

}  // namespace peering::feeds
