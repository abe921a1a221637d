#include "feeds/prober.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <fstream>
#include <random>
#include <thread>
#include <unordered_set>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <unistd.h>

#include "base/log.h"
#include "feeds/path_trace.h"
#include "feeds/probe_attempts.h"
#include "feeds/stamp_reflector.h"

namespace peering::feeds {

namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using model::ProbeAnswer;
using model::ProbeEnd;
using model::ProbeProtocol;
using model::ProbeReport;
using Clock = std::chrono::steady_clock;

constexpr std::uint16_t trace_port = 33434;                  // where traceroute has always begun
constexpr std::uint16_t source_port_first = 49152;           // RFC 6335: the dynamic ports
constexpr std::chrono::milliseconds never_sent_after{2000};  // in the queue of the rate limit
constexpr std::size_t trace_bytes = 32;                      // 60 with the headers of IPv4 and UDP

struct ProberMetrics {
  explicit ProberMetrics(Metrics& metrics)
      : sent(metrics.counter("peering_probes_sent_total", "Probes sent, of every protocol.")),
        refused(metrics.counter("peering_probes_refused_total",
                                "Probes not sent because too many were pending.")),
        pending(metrics.gauge("peering_probes_pending", "Probes that wait to be sent or answered.")) {
    for (const ProbeEnd end : {ProbeEnd::answered, ProbeEnd::refused, ProbeEnd::unreachable,
                               ProbeEnd::expired, ProbeEnd::silent, ProbeEnd::failed}) {
      ends.push_back(&metrics.counter("peering_probe_answers_total", "What probes met.",
                                      {{"end", std::string(name_of(end))}}));
    }
  }
  static std::string_view name_of(ProbeEnd end) {
    static constexpr std::string_view names[] = {"answered", "refused", "unreachable",
                                                 "expired",  "silent",  "failed"};
    return names[static_cast<std::size_t>(end)];
  }
  Counter &sent, &refused;
  Gauge& pending;
  std::vector<Counter*> ends;
};

std::string ping_group_range() {
  std::ifstream file("/proc/sys/net/ipv4/ping_group_range");
  std::string first, last;
  file >> first >> last;
  return first + " " + last;
}

}  // namespace

struct Prober::State {
  State(ProberSettings given, Metrics& metrics_given)
      : settings(std::move(given)), registry(metrics_given), metrics(metrics_given), pacing(context) {}

  const ProberSettings settings;
  Metrics& registry;
  ProberMetrics metrics;
  asio::io_context context{1};
  std::optional<asio::executor_work_guard<asio::io_context::executor_type>> work;
  std::unique_ptr<IcmpEcho> echo_v4, echo_v6;
  std::string refused_v4, refused_v6;  // why there is none
  std::unique_ptr<StampReflector> reflector;
  std::optional<http::Endpoint> reflector_at;
  std::thread thread;
  std::atomic<std::size_t> pending{0};

  // What waits for its turn; the prober's thread alone.
  struct Waiting {
    AttemptPointer attempt;
    Clock::time_point since;
  };
  std::deque<Waiting> waiting;
  std::unordered_set<AttemptPointer> attempts;
  asio::steady_timer pacing;
  Clock::time_point next_turn{};
  bool paced = false;

  void open_icmp(net::Family family, std::unique_ptr<IcmpEcho>& echo, std::string& refused) {
    auto opened = IcmpEcho::open(context, family);
    if (opened) {
      echo = std::move(*opened);
      return;
    }
    refused = fmt::format(
        "ICMP sockets are not allowed here ({}): net.ipv4.ping_group_range is \"{}\" and should include "
        "group {}, or the process needs CAP_NET_RAW",
        opened.error().message, ping_group_range(), ::getegid());
    log::warning("probes: {}", refused);
  }

  bool admit() {
    if (pending.fetch_add(1) < settings.pending_max) return true;
    pending.fetch_sub(1);
    metrics.refused.add();
    return false;
  }

  // On the prober's thread.
  void enqueue(const Probe& probe, Answered answered) {
    metrics.pending.set(static_cast<double>(pending.load()));
    auto holder = std::make_shared<AttemptPointer>();
    const auto attempt = std::make_shared<Attempt>(
        context, probe, [this, holder, answered = std::move(answered)](const ProbeAnswer& answer) {
          pending.fetch_sub(1);
          metrics.pending.set(static_cast<double>(pending.load()));
          metrics.ends[static_cast<std::size_t>(answer.end)]->add();
          const AttemptPointer self = std::exchange(*holder, nullptr);
          attempts.erase(self);
          answered(answer);
        });
    *holder = attempt;
    attempts.insert(attempt);
    waiting.push_back({attempt, Clock::now()});
    take_turns();
  }

  void take_turns() {
    if (paced) return;
    const auto now = Clock::now();
    const auto step = std::chrono::nanoseconds(1'000'000'000 / settings.per_second_max);
    while (!waiting.empty()) {
      if (next_turn > now) {
        paced = true;
        pacing.expires_at(next_turn);
        pacing.async_wait([this](const error_code& cancelled) {
          if (cancelled) return;
          paced = false;
          take_turns();
        });
        return;
      }
      const Waiting first = std::move(waiting.front());
      waiting.pop_front();
      if (now - first.since > never_sent_after) {
        asio::post(context, [attempt = first.attempt] { attempt->fail(std::string(too_many_waiting)); });
        continue;
      }
      next_turn = std::max(next_turn + step, now + step);
      metrics.sent.add();
      launch(first.attempt);
    }
  }

  void launch(const AttemptPointer& attempt) {
    const bool v4 = attempt->probe.destination.is_v4();
    switch (attempt->probe.protocol) {
      case ProbeProtocol::icmp: {
        IcmpEcho* echo = (v4 ? echo_v4 : echo_v6).get();
        if (!echo) return attempt->fail(v4 ? refused_v4 : refused_v6);
        return echo->send(attempt);
      }
      case ProbeProtocol::tcp:
        return send_handshake(context, attempt);
      case ProbeProtocol::stamp:
      case ProbeProtocol::udp:
        return send_datagram(context, attempt);
    }
  }
};

namespace {

// Everything below runs on the prober's thread.
class PingRun : public std::enable_shared_from_this<PingRun> {
 public:
  PingRun(Prober& prober, asio::io_context& context, const net::Address& destination,
          const PingSettings& settings, Prober::Reported reported)
      : prober_(prober), settings_(settings), timer_(context), reported_(std::move(reported)) {
    probe_.destination = destination;
    probe_.timeout = settings.timeout;
    report_.payload_bytes = probe_.data_bytes;
    report_.answers.resize(static_cast<std::size_t>(settings.count));
  }

  void next() {
    if (sent_ == 0) began_ = Clock::now();
    const std::size_t index = sent_++;
    last_sent_ = Clock::now();
    const auto take = [self = shared_from_this(), index](const ProbeAnswer& answer) {
      self->take(index, answer);
    };
    if (!prober_.send(probe_, take)) {
      ProbeAnswer none;
      none.end = ProbeEnd::failed;
      none.reason = too_many_waiting;
      take(none);
    }
    if (sent_ == report_.answers.size()) return;
    timer_.expires_after(settings_.interval);
    timer_.async_wait([self = shared_from_this()](const error_code& cancelled) {
      if (!cancelled) self->next();
    });
  }

 private:
  void take(std::size_t index, const ProbeAnswer& answer) {
    report_.answers[index] = answer;
    if (++answered_ < report_.answers.size()) return;
    report_.took = std::chrono::duration_cast<Microseconds>(last_sent_ - began_);
    reported_(std::move(report_));
  }

  Prober& prober_;
  const PingSettings settings_;
  asio::steady_timer timer_;
  Prober::Reported reported_;
  Probe probe_;
  ProbeReport report_;
  std::size_t sent_ = 0, answered_ = 0;
  Clock::time_point began_, last_sent_;
};

class TraceRun : public std::enable_shared_from_this<TraceRun> {
 public:
  TraceRun(Prober& prober, asio::io_context& context, const Probe& probe, const PathTraceSettings& path,
           std::chrono::milliseconds time_max, Prober::Reported reported)
      : prober_(prober), path_(path), probe_(probe), deadline_(context), reported_(std::move(reported)) {
    report_.protocol = probe.protocol;
    report_.payload_bytes = probe.data_bytes;
    deadline_.expires_after(time_max);
  }

  void start() {
    began_ = Clock::now();
    deadline_.async_wait([self = shared_from_this()](const error_code& cancelled) {
      if (!cancelled) self->finish();
    });
    go_on();
  }

 private:
  void go_on() {
    while (reported_) {
      if (path_.done()) return finish();
      const auto step = path_.next();
      if (!step) return;
      probe_.ttl = step->ttl;
      const auto take = [self = shared_from_this(), step = *step](const ProbeAnswer& answer) {
        self->path_.answered(step, answer);
        self->go_on();
      };
      if (!prober_.send(probe_, take)) path_.answered(*step, ProbeAnswer{});
    }
  }

  void finish() {
    deadline_.cancel();
    const auto tell = std::exchange(reported_, nullptr);
    if (!tell) return;
    report_.hops = path_.hops();
    report_.took = std::chrono::duration_cast<Microseconds>(Clock::now() - began_);
    tell(std::move(report_));
  }

  Prober& prober_;
  PathTrace path_;
  Probe probe_;
  asio::steady_timer deadline_;
  Prober::Reported reported_;
  ProbeReport report_;
  Clock::time_point began_;
};

}  // namespace

Prober::Prober(ProberSettings settings, Metrics& metrics)
    : state_(std::make_unique<State>(std::move(settings), metrics)) {}
Prober::~Prober() { stop(); }

Result<void> Prober::start() {
  State& state = *state_;
  state.open_icmp(net::Family::ipv4, state.echo_v4, state.refused_v4);
  state.open_icmp(net::Family::ipv6, state.echo_v6, state.refused_v6);
  if (state.settings.reflector) {
    state.reflector = std::make_unique<StampReflector>(
        state.context,
        StampReflectorSettings{*state.settings.reflector, state.settings.reflector_clients,
                               state.settings.reflected_per_second_max},
        state.registry);
    const auto at = state.reflector->start();
    if (!at) return tl::unexpected(at.error());
    state.reflector_at = *at;
    log::info("the STAMP reflector listens on {} (UDP)", at->to_string());
  }
  state.work.emplace(asio::make_work_guard(state.context));
  state.thread = std::thread([&state] { state.context.run(); });
  return {};
}

void Prober::stop() {
  State& state = *state_;
  state.work.reset();
  state.context.stop();
  if (state.thread.joinable()) state.thread.join();
  state.waiting.clear();
  // They and what they hold point at each other.
  for (const AttemptPointer& attempt : std::exchange(state.attempts, {})) attempt->abandon();
  state.echo_v4.reset();
  state.echo_v6.reset();
  state.reflector.reset();
}

std::optional<http::Endpoint> Prober::reflector() const { return state_->reflector_at; }

Result<void> Prober::can_send(ProbeProtocol protocol, net::Family family) const {
  if (protocol != ProbeProtocol::icmp) return {};
  const bool v4 = family == net::Family::ipv4;
  const std::string& refused = v4 ? state_->refused_v4 : state_->refused_v6;
  if (refused.empty()) return {};
  return fail(ErrorCode::permission_denied, "{}", refused);
}

bool Prober::send(const Probe& probe, Answered answered) {
  if (!state_->admit()) return false;
  asio::post(state_->context, [state = state_.get(), probe, answered = std::move(answered)]() mutable {
    state->enqueue(probe, std::move(answered));
  });
  return true;
}

void Prober::ping(const net::Address& destination, const PingSettings& settings, Reported reported) {
  const auto run =
      std::make_shared<PingRun>(*this, state_->context, destination, settings, std::move(reported));
  asio::post(state_->context, [run] { run->next(); });
}

void Prober::trace(const net::Address& destination, const TraceSettings& settings, Reported reported) {
  const bool icmp = can_send(ProbeProtocol::icmp, destination.family()).has_value();
  Probe probe;
  probe.protocol = icmp ? ProbeProtocol::icmp : ProbeProtocol::udp;
  probe.destination = destination;
  probe.timeout = settings.timeout;
  probe.data_bytes = trace_bytes;
  PathTraceSettings path;
  path.hops_max = settings.hops_max;
  path.silent_max = settings.silent_max;
  path.tries = icmp ? settings.tries : 1;
  if (!icmp) {
    // One flow, one probe at a time: few routers quote enough of a datagram to tell which one it was.
    std::random_device random;
    probe.port = trace_port;
    probe.source_port =
        static_cast<std::uint16_t>(source_port_first + random() % (65536U - source_port_first));
    path.window = 1;
  }
  const auto run =
      std::make_shared<TraceRun>(*this, state_->context, probe, path, settings.time_max, std::move(reported));
  asio::post(state_->context, [run] { run->start(); });
}

void Prober::resolve(const std::string& host, Resolved resolved) {
  asio::post(state_->context, [state = state_.get(), host, resolved = std::move(resolved)] {
    const auto resolver = std::make_shared<asio::ip::tcp::resolver>(state->context);
    resolver->async_resolve(http::loopback_name(host), "",
                            [resolver, host, resolved](const error_code& failed, const auto& found) {
                              if (failed)
                                return resolved(fail(ErrorCode::not_found, "{}: {}", host, failed.message()));
                              std::vector<net::Address> out;
                              for (const auto& each : found) {
                                const auto address =
                                    net::Address::parse(each.endpoint().address().to_string());
                                if (address && std::ranges::find(out, *address) == out.end())
                                  out.push_back(*address);
                              }
                              resolved(std::move(out));
                            });
  });
}

}  // namespace peering::feeds
