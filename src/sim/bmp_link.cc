#include "sim/bmp_link.h"

namespace peering::sim {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

namespace {

constexpr seconds connect_patience{2}, statistics_interval{30};
constexpr milliseconds attempt_pause{500}, look_interval{100};
constexpr std::size_t updates_at_once = 256;

}  // namespace

BmpLink::BmpLink(Router router, std::string endpoint, std::function<void(const std::string&)> narrate)
    : router_(std::move(router)), endpoint_(std::move(endpoint)), narrate_(std::move(narrate)) {}

BmpLink::~BmpLink() { stop(); }

void BmpLink::start() {
  thread_ = std::thread([this] { run(); });
}

bool BmpLink::send(TimedUpdate update) {
  ++taken_;
  return mailbox_.send(std::move(update));
}

void BmpLink::stop() {
  stop_.raise();
  mailbox_.close();
  if (thread_.joinable()) thread_.join();
}

void BmpLink::run() {
  while (!stop_.raised()) {
    if (!socket_) connect();
    const auto updates = mailbox_.receive_until(steady_clock::now() + look_interval, updates_at_once);
    for (const TimedUpdate& each : updates) {
      router_.apply(each.update);
      if (socket_) write(router_.message(each.update, each.at));
      ++done_;
    }
    if (socket_ && socket_->closed_by_peer()) lose("the station closed the connection");
    if (socket_ && steady_clock::now() >= next_statistics_) {
      next_statistics_ = steady_clock::now() + statistics_interval;
      write(router_.statistics(now()));
    }
  }
  if (socket_) write(router_.farewell());
  socket_.reset();
  connected_ = false;
}

void BmpLink::connect() {
  if (steady_clock::now() < next_attempt_) return;
  next_attempt_ = steady_clock::now() + attempt_pause;
  auto socket = TcpSocket::connect(endpoint_, connect_patience);
  if (!socket) {
    if (socket.error().message != last_failure_) {
      narrate_(fmt::format("router {}: {}", router_.name(), socket.error().message));
    }
    last_failure_ = socket.error().message;
    return;
  }
  last_failure_.clear();
  socket_ = std::move(*socket);
  write(router_.greeting(now()));
  if (!socket_) return;
  next_statistics_ = steady_clock::now() + statistics_interval;
  connected_ = true;
  ++connects_;
  narrate_(fmt::format("router {}: BMP session with {}, {} routes sent", router_.name(), endpoint_,
                       router_.routes()));
}

void BmpLink::write(const std::vector<std::uint8_t>& bytes) {
  if (!socket_) return;
  if (const auto sent = socket_->send_all(bytes); !sent) return lose(sent.error().message);
  bytes_ += bytes.size();
}

void BmpLink::lose(const std::string& reason) {
  narrate_(fmt::format("router {}: {}", router_.name(), reason));
  socket_.reset();
  connected_ = false;
}

}  // namespace peering::sim
