#include "feeds/rtr_client.h"

#include <algorithm>
#include <array>
#include <thread>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include "base/log.h"
#include "feeds/shrink_guard.h"

namespace peering::feeds {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using wire::rtr::Instant;

constexpr std::size_t read_bytes = 64 * 1024;
// Error reports and queries are small; a cache that does not read them is closed.
constexpr std::size_t unsent_bytes_max = 64 * 1024;

struct RtrMetrics {
  explicit RtrMetrics(Metrics& metrics)
      : pdus(metrics.counter("peering_rpki_pdus_total", "PDUs received from RPKI caches.")),
        errors_received(metrics.counter("peering_rpki_errors_total", "Error reports, by direction.",
                                        {{"direction", "received"}})),
        errors_sent(metrics.counter("peering_rpki_errors_total", "Error reports, by direction.",
                                    {{"direction", "sent"}})),
        end_of_data(metrics.counter("peering_rpki_end_of_data_total", "Complete answers of RPKI caches.")),
        expired(metrics.counter("peering_rpki_expired_total",
                                "Times that a cache's data was dropped because it was too old.")),
        shrink_refused(metrics.counter("peering_rpki_shrink_refused_total",
                                       "Data sets that shrank by more than half and wait for confirmation.")),
        connected(metrics.gauge("peering_rpki_caches_synchronised",
                                "RPKI caches that are connected and complete.")) {}
  Counter &pdus, &errors_received, &errors_sent, &end_of_data, &expired, &shrink_refused;
  Gauge& connected;
};

class Link;

}  // namespace

struct RtrClient::State {
  State(RtrSettings given, Metrics& registry, Tell tell_given)
      : settings(std::move(given)),
        metrics(registry),
        tell(std::move(tell_given)),
        guard(settings.shrink_guard) {}

  const RtrSettings settings;
  RtrMetrics metrics;
  const Tell tell;
  ShrinkGuard guard;
  asio::io_context context{1};
  std::vector<std::shared_ptr<Link>> links;
  std::thread thread;

  // What was told last.
  const Link* told_link = nullptr;
  std::uint64_t told_answer = 0;
  std::size_t told_size = 0;

  void changed();
  Link* best() const;
};

namespace {

std::string name_of(const RtrCache& cache) {
  return cache.host.find(':') == std::string::npos ? cache.host + ":" + cache.port
                                                   : "[" + cache.host + "]:" + cache.port;
}

// The connection to one cache, made again whenever it ends. All of it runs on the client's thread.
class Link : public std::enable_shared_from_this<Link> {
 public:
  Link(RtrClient::State& owner, const RtrCache& cache, int number)
      : preference(cache.preference),
        index(number),
        name(name_of(cache)),
        client(owner.settings.limits),
        owner_(owner),
        cache_(cache),
        resolver_(owner.context),
        socket_(owner.context),
        timer_(owner.context) {}

  const int preference, index;
  const std::string name;
  wire::rtr::Client client;

  void start() { connect(); }
  void close() {
    stopped_ = true;
    resolver_.cancel();
    timer_.cancel();
    error_code ignored;
    socket_.close(ignored);
  }
  void confirm_later(Instant at) {
    confirm_at_ = at;
    arm();
  }

 private:
  template <class Handler>
  auto mine(Handler handler) {
    return [self = shared_from_this(), attempt = attempt_, handler](
               const auto&... results) -> std::invoke_result_t<const Handler&, Link&, decltype(results)...> {
      if (!self->stopped_ && self->attempt_ == attempt) handler(*self, results...);
    };
  }

  void connect() {
    connecting_until_ = std::chrono::steady_clock::now() + owner_.settings.connect_time;
    resolver_.async_resolve(cache_.host, cache_.port,
                            mine([](Link& link, const error_code& failed, const auto& found) {
                              if (failed) return link.ended(failed.message());
                              link.connect_to(found);
                            }));
    arm();
  }

  void connect_to(const tcp::resolver::results_type& found) {
    asio::async_connect(socket_, found, mine([](Link& link, const error_code& failed, const tcp::endpoint&) {
                          if (failed) return link.ended(failed.message());
                          link.connecting_until_.reset();
                          error_code ignored;
                          link.socket_.set_option(tcp::no_delay(true), ignored);
                          link.socket_.set_option(asio::socket_base::keep_alive(true), ignored);
                          link.act(link.client.connected(std::chrono::steady_clock::now()));
                          link.read();
                        }));
  }

  void read() {
    socket_.async_read_some(asio::buffer(buffer_),
                            mine([](Link& link, const error_code& failed, std::size_t count) {
                              if (failed) return link.ended(failed.message());
                              const auto bytes = std::span<const std::uint8_t>(link.buffer_).first(count);
                              const auto attempt = link.attempt_;
                              link.act(link.client.received(bytes, std::chrono::steady_clock::now()));
                              if (link.attempt_ == attempt && !link.closing_) link.read();
                            }));
  }

  void act(const wire::rtr::ClientActions& actions) {
    for (const std::string& note : actions.notes) log::warning("RPKI cache {}: {}", name, note);
    unsent_.insert(unsent_.end(), actions.send.begin(), actions.send.end());
    closing_ = closing_ || actions.close || unsent_.size() > unsent_bytes_max;
    count();
    if (actions.data_changed) owner_.changed();
    flush();
    arm();
  }

  // Writes what waits; closes when nothing does any more and that was asked for.
  void flush() {
    if (writing_ || !client.is_connected()) return;
    if (unsent_.empty()) {
      if (closing_) ended("closed by us");
      return;
    }
    writing_ = true;
    sent_ = std::exchange(unsent_, {});
    asio::async_write(socket_, asio::buffer(sent_),
                      mine([](Link& link, const error_code& failed, std::size_t) {
                        link.writing_ = false;
                        if (failed) return link.ended(failed.message());
                        link.flush();
                      }));
  }

  void ended(std::string_view why) {
    ++attempt_;
    error_code ignored;
    socket_.close(ignored);
    socket_ = tcp::socket(owner_.context);
    connecting_until_.reset();
    unsent_.clear();
    writing_ = closing_ = false;
    const bool was_good = client.is_synchronised();
    if (was_good || !std::exchange(failed_, true)) log::warning("RPKI cache {}: {}", name, why);
    client.disconnected(std::chrono::steady_clock::now());
    if (was_good) owner_.changed();
    count();
    arm();
  }

  void count() {
    const wire::rtr::ClientCounts& counts = client.counts();
    const auto add = [](Counter& counter, std::uint64_t now, std::uint64_t& before) {
      if (now != before) counter.add(static_cast<double>(now - std::exchange(before, now)));
    };
    add(owner_.metrics.pdus, counts.pdus, counted_.pdus);
    add(owner_.metrics.errors_received, counts.errors_received, counted_.errors_received);
    add(owner_.metrics.errors_sent, counts.errors_sent, counted_.errors_sent);
    add(owner_.metrics.end_of_data, counts.end_of_data, counted_.end_of_data);
    add(owner_.metrics.expired, counts.expired, counted_.expired);
    if (const bool good = client.is_synchronised(); good != counted_good_) {
      counted_good_ = good;
      if (good) {
        failed_ = false;
        log::info("RPKI cache {}: version {}, serial {}", name, client.version(), client.serial());
      }
      owner_.metrics.connected.add(good ? 1 : -1);
    }
  }

  void arm() {
    Instant at = client.next_event();
    if (connecting_until_) at = std::min(at, *connecting_until_);
    if (confirm_at_) at = std::min(at, *confirm_at_);
    if (!client.is_connected() && !connecting_until_) at = std::min(at, client.retry_at());
    timer_.expires_at(std::max(at, std::chrono::steady_clock::now()));
    timer_.async_wait([self = shared_from_this()](const error_code& cancelled) {
      if (!cancelled && !self->stopped_) self->woke(std::chrono::steady_clock::now());
    });
  }

  void woke(Instant now) {
    if (connecting_until_ && now >= *connecting_until_) {
      ended("no connection in time");
      return;
    }
    if (confirm_at_ && now >= *confirm_at_) {
      confirm_at_.reset();
      client.ask_again();
    }
    const bool away = !client.is_connected() && !connecting_until_;
    act(client.tick(now));
    if (away && now >= client.retry_at()) connect();
  }

  RtrClient::State& owner_;
  const RtrCache cache_;
  tcp::resolver resolver_;
  tcp::socket socket_;
  asio::steady_timer timer_;
  std::array<std::uint8_t, read_bytes> buffer_{};
  std::vector<std::uint8_t> unsent_, sent_;
  bool writing_ = false, closing_ = false, stopped_ = false, failed_ = false, counted_good_ = false;
  std::uint64_t attempt_ = 0;
  std::optional<Instant> connecting_until_, confirm_at_;
  wire::rtr::ClientCounts counted_;
};

}  // namespace

Link* RtrClient::State::best() const {
  Link* out = nullptr;
  const auto rank = [](const Link& link) {
    return std::tuple(!link.client.is_synchronised(), link.preference, link.index);
  };
  for (const auto& link : links) {
    if (link->client.has_data() && (!out || rank(*link) < rank(*out))) out = link.get();
  }
  return out;
}

void RtrClient::State::changed() {
  Link* const link = best();
  if (!link) {
    if (told_link) {
      log::error("RPKI: no cache has data that is fresh enough: nothing is known any more");
      tell(std::nullopt);
    }
    told_link = nullptr;
    told_size = 0;
    return;
  }
  if (link == told_link && link->client.counts().end_of_data == told_answer) return;
  RtrData data{link->name, link->client.vrps(), link->client.aspas()};
  if (!guard.admits(told_size, data.vrps.size())) {
    metrics.shrink_refused.add();
    log::warning("RPKI cache {}: {} VRPs where {} were known; they are used when it says so again",
                 link->name, data.vrps.size(), told_size);
    link->confirm_later(std::chrono::steady_clock::now() + settings.confirm_after);
    return;
  }
  if (told_link && told_link != link)
    log::warning("RPKI: cache {} instead of {}", link->name, told_link->name);
  told_link = link;
  told_answer = link->client.counts().end_of_data;
  told_size = data.vrps.size();
  tell(std::move(data));
}

Result<RtrCache> parse_rtr_cache(std::string_view address) {
  const auto colon = address.rfind(':');
  const auto refuse = [&] {
    return tl::unexpected(
        invalid("address", address, "HOST:PORT such as 127.0.0.1:8282 or [2001:db8::1]:8282"));
  };
  if (colon == std::string_view::npos) return refuse();
  std::string_view host = address.substr(0, colon);
  const std::string port(address.substr(colon + 1));
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return refuse();
  }
  const bool digits = !port.empty() && port.size() <= 5 && port.find_first_not_of("0123456789") == port.npos;
  if (host.empty() || !digits || std::stoi(port) < 1 || std::stoi(port) > 65535) return refuse();
  return RtrCache{std::string(host), port, 0};
}

RtrClient::RtrClient(RtrSettings settings, Metrics& metrics, Tell tell)
    : state_(std::make_unique<State>(std::move(settings), metrics, std::move(tell))) {}
RtrClient::~RtrClient() { stop(); }

void RtrClient::start() {
  State& s = *state_;
  for (const RtrCache& cache : s.settings.caches) {
    s.links.push_back(std::make_shared<Link>(s, cache, static_cast<int>(s.links.size())));
    s.links.back()->start();
  }
  s.thread = std::thread([&s] {
    auto work = asio::make_work_guard(s.context);
    s.context.run();
  });
}

void RtrClient::stop() {
  State& s = *state_;
  if (!s.thread.joinable()) return;
  asio::post(s.context, [&s] {
    for (const auto& link : s.links) link->close();
    s.context.stop();
  });
  s.thread.join();
  s.links.clear();
}

}  // namespace peering::feeds
