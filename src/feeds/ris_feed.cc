#include "feeds/ris_feed.h"

#include <condition_variable>
#include <mutex>
#include <random>
#include <thread>

#include "base/log.h"
#include "feeds/ris_conversation.h"
#include "feeds/shard_router.h"
#include "http/web_socket.h"

namespace peering::feeds {

namespace {

namespace ris = wire::ris;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds full_pause_first{1}, full_pause_longest{50};
constexpr milliseconds look_every{250};  // at subscriptions, pings and the clock while nothing comes
constexpr milliseconds complaint_every{10'000};
constexpr std::size_t shown_bytes_max = 200;
constexpr std::size_t together_max = 256;  // messages that are handed on at once
constexpr std::string_view ping = R"({"type":"ping","data":null})";

http::WebSocketOptions options_of(const RisSettings& settings) {
  http::WebSocketOptions out;
  out.message_bytes_max = settings.message_bytes_max;
  out.authority_file = settings.authority_file;
  return out;
}

// What strangers wrote, for the log.
std::string shown(std::string_view text) {
  std::string out(text.substr(0, shown_bytes_max));
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return out;
}

}  // namespace

struct RisFeed::State {
  State(RisSettings given, PeerRegistry& peers, ShardSink& shards, Metrics& registry)
      : settings(std::move(given)),
        metrics(registry),
        conversation(peers, metrics, settings.keep, settings.own_view),
        router(shards),
        socket(options_of(settings)),
        connected(gauge(registry, "peering_ris_connected", "1 while the feed's connection stands.")),
        stale(gauge(registry, "peering_ris_stale",
                    "1 while the feed's messages are later than stale_after, or do not come at all.")),
        lag_seconds(gauge(registry, "peering_ris_lag_seconds",
                          "How late the feed's last message was by its own timestamp.")),
        subscriptions(gauge(registry, "peering_ris_subscriptions", "Subscriptions in force.")) {
    if (settings.archive) conversation.archive_to(*settings.archive);
  }

  Gauge& gauge(Metrics& registry, std::string_view name, std::string_view help) const {
    return registry.gauge(name, help, {{"feed", settings.name}});
  }

  const RisSettings settings;
  RisMetrics metrics;
  RisConversation conversation;
  ShardRouter router;
  http::WebSocket socket;
  Gauge &connected, &stale, &lag_seconds, &subscriptions;

  std::mutex mutex;
  std::condition_variable changed;
  bool stopping = false;
  std::function<std::vector<net::Prefix>()> watched;
  bool watched_changed = false;
  std::thread thread;

  // Used by the thread only.
  ris::Decoder decoder;
  ris::Message message;
  std::vector<ShardMessage> out;
  std::set<std::string> subscribed;
  std::mt19937_64 random{std::random_device{}()};
  Clock::time_point heard, pinged, next_complaint{};
  bool waits_for_pong = false, got_route_messages = false;

  // False when stopped.
  bool pause(Clock::duration time) {
    std::unique_lock lock(mutex);
    return !changed.wait_for(lock, time, [&] { return stopping; });
  }
  bool is_stopping() {
    const std::lock_guard lock(mutex);
    return stopping;
  }

  void complain(std::string_view what) {
    if (Clock::now() < next_complaint) return;
    next_complaint = Clock::now() + complaint_every;
    log::warning("RIS Live {}: {}", settings.name, what);
  }

  void run() {
    milliseconds wait = settings.retry_first;
    while (true) {
      got_route_messages = false;
      const std::string reason = talk();
      connected.set(0);
      socket.disconnect();
      if (is_stopping()) return;
      metrics.losses.add();
      log::warning("RIS Live {}: {}; trying again", settings.name, reason);
      conversation.lost(now(), "the connection to RIS Live was lost", out);
      if (!hand_on()) return;
      set_stale(true, "there is no connection");
      if (got_route_messages) wait = settings.retry_first;
      const auto chance = std::uniform_int_distribution<std::int64_t>(0, wait.count() / 2)(random);
      if (!pause(wait - milliseconds(chance))) return;
      wait = std::min(wait * 2, settings.retry_longest);
    }
  }

  // From one connection to its end; says why it ended.
  std::string talk() {
    subscribed.clear();
    if (auto done = socket.connect(settings.url); !done) return done.error().message;
    metrics.connects.add();
    connected.set(1);
    log::info("RIS Live {}: connected to {}", settings.name, shown(settings.url));
    heard = pinged = Clock::now();
    waits_for_pong = false;
    if (auto done = subscribe(); !done) return done.error().message;
    while (true) {
      const auto text = socket.receive(look_every);
      if (!text) return text.error().message;
      if (*text) {
        take(**text);
        const auto end = take_what_is_there();
        if (!hand_on()) return "stopped";
        if (!end) return end.error().message;
      }
      if (auto done = look_after(); !done) return done.error().message;
    }
  }

  // Further messages that came already: what comes fast is handed on together.
  Result<void> take_what_is_there() {
    for (std::size_t taken = 1; taken < together_max && held_bytes(out) < ShardRouter::held_bytes_max;
         ++taken) {
      const auto text = socket.receive(milliseconds(0));
      if (!text) return tl::unexpected(text.error());
      if (!*text) return {};
      take(**text);
    }
    return {};
  }

  void take(std::string_view text) {
    metrics.bytes.add(static_cast<double>(text.size()));
    heard = Clock::now();
    waits_for_pong = false;
    if (const auto done = decoder.decode_into(text, message); !done) {
      metrics.malformed.add();
      return complain(shown(done.error().message));
    }
    if (const auto* error = std::get_if<ris::StreamError>(&message.body)) {
      complain("the service reports an error: " + shown(error->message));
    }
    const TimePoint arrival = now();
    if (message.time != TimePoint{}) {
      got_route_messages = true;
      judge_lag(arrival - message.time);
    }
    conversation.take(message, arrival, out);
  }

  void judge_lag(Microseconds lag) {
    lag_seconds.set(std::max(0.0, std::chrono::duration<double>(lag).count()));
    if (lag > settings.stale_after) {
      set_stale(true, "its messages are late by " + format_duration(lag));
    } else {
      set_stale(false, "");
    }
  }

  void set_stale(bool is, std::string_view why) {
    if (is == (stale.value() > 0)) return;
    stale.set(is ? 1 : 0);
    if (is) {
      log::warning("RIS Live {} is stale: {}", settings.name, why);
    } else {
      log::info("RIS Live {} is fresh", settings.name);
    }
  }

  // What has to be done now and then. An error ends the connection.
  Result<void> look_after() {
    const auto at = Clock::now();
    if (at - heard > settings.stale_after) set_stale(true, "it is silent");
    if (waits_for_pong && at - pinged > settings.pong_within) {
      return fail(ErrorCode::timeout, "the service does not answer pings");
    }
    if (!waits_for_pong && at - std::max(heard, pinged) > settings.ping_every) {
      pinged = at;
      waits_for_pong = true;
      if (auto done = socket.send(ping); !done) return done;
    }
    return subscribe();
  }

  // Sends what differs between the subscriptions in force and those wanted.
  Result<void> subscribe() {
    RisFilter filter = settings.filter;
    std::function<std::vector<net::Prefix>()> registered;
    {
      const std::lock_guard lock(mutex);
      if (!subscribed.empty() && !watched_changed) return {};
      registered = watched;
      watched_changed = false;
    }
    if (settings.registered_prefixes && registered) filter.prefixes = registered();
    std::set<std::string> wanted = ris_subscriptions(filter);
    for (const std::string& data : wanted) {
      if (subscribed.contains(data)) continue;
      if (auto done = tell("ris_subscribe", data); !done) return done;
    }
    for (const std::string& data : subscribed) {
      if (wanted.contains(data)) continue;
      if (auto done = tell("ris_unsubscribe", data); !done) return done;
    }
    subscribed = std::move(wanted);
    subscriptions.set(static_cast<double>(subscribed.size()));
    return {};
  }

  Result<void> tell(std::string_view type, const std::string& data) {
    return socket.send(fmt::format(R"({{"type":"{}","data":{}}})", type, data));
  }

  // Hands on what was decoded; waits while a shard is full. False when stopped.
  bool hand_on() {
    if (router.push(out)) return true;
    metrics.waits.add();
    for (auto wait = full_pause_first; !router.drain(); wait = std::min(wait * 2, full_pause_longest)) {
      if (!pause(wait)) return false;
    }
    heard = Clock::now();  // while we waited the service could not be heard
    return true;
  }
};

RisFeed::RisFeed(RisSettings settings, PeerRegistry& peers, ShardSink& shards, Metrics& metrics)
    : state_(std::make_unique<State>(std::move(settings), peers, shards, metrics)) {}
RisFeed::~RisFeed() { stop(); }

void RisFeed::start() {
  state_->thread = std::thread([state = state_.get()] { state->run(); });
}

void RisFeed::stop() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->changed.notify_all();
  state_->socket.cancel();
  if (state_->thread.joinable()) state_->thread.join();
}

void RisFeed::watch(std::function<std::vector<net::Prefix>()> prefixes) {
  const std::lock_guard lock(state_->mutex);
  if (!state_->settings.registered_prefixes) return;
  state_->watched = std::move(prefixes);
  state_->watched_changed = true;
}

}  // namespace peering::feeds
