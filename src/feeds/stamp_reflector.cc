#include "feeds/stamp_reflector.h"

#include <algorithm>
#include <optional>

#include <boost/asio/posix/stream_descriptor.hpp>

#include "feeds/probe_allowance.h"
#include "feeds/probe_socket.h"
#include "wire/stamp/packet.h"

namespace peering::feeds {

namespace {

namespace asio = boost::asio;
constexpr int ttl_sent = 255;  // RFC 8762, section 4: TTL or hop limit of test packets

}  // namespace

struct StampReflector::State {
  State(asio::io_context& context, StampReflectorSettings given, Metrics& metrics)
      : settings(std::move(given)),
        descriptor(context),
        allowance(static_cast<double>(settings.per_second_max), static_cast<double>(settings.per_second_max),
                  1),
        reflected(metrics.counter("peering_stamp_reflected_total", "STAMP packets that were reflected.")),
        dropped(metrics.counter(
            "peering_stamp_dropped_total",
            "STAMP packets not reflected: too short, from nobody we know, or too many a second.")) {}

  const StampReflectorSettings settings;
  std::optional<ProbeSocket> socket;
  asio::posix::stream_descriptor descriptor;
  ProbeAllowance allowance;
  Counter &reflected, &dropped;

  void wait() {
    descriptor.async_wait(asio::posix::descriptor_base::wait_read,
                          [this](const boost::system::error_code& failed) {
                            if (failed) return;
                            read_all();
                            wait();
                          });
  }

  void read_all() {
    while (socket->receive_problem()) continue;
    while (const auto datagram = socket->receive()) {
      const bool sent = is_welcome(*datagram) && reflect(*datagram);
      (sent ? reflected : dropped).add();
    }
  }

  bool is_welcome(const Datagram& datagram) {
    if (datagram.port == wire::stamp::port || datagram.port == socket->local_port()) return false;
    const bool known =
        settings.clients.empty() || std::ranges::any_of(settings.clients, [&](const net::Prefix& each) {
          return each.contains(datagram.from);
        });
    return known && !allowance.take("", 1, std::chrono::steady_clock::now());
  }

  // As long as what came: padding and TLVs go back as they are.
  bool reflect(const Datagram& datagram) {
    const auto packet = wire::stamp::decode_sender(datagram.bytes);
    if (!packet) return false;
    auto answer = wire::stamp::reflect(*packet, wire::stamp::ntp_timestamp(datagram.at),
                                       static_cast<std::uint8_t>(datagram.ttl));
    const auto extra = datagram.bytes.subspan(wire::stamp::packet_bytes);
    answer.timestamp = std::max(answer.received, wire::stamp::ntp_timestamp(wall_clock()));
    std::vector<std::uint8_t> bytes = wire::stamp::encode(answer);
    bytes.insert(bytes.end(), extra.begin(), extra.end());
    return socket->send(bytes, {datagram.from, datagram.port, ttl_sent, datagram.to}) == 0;
  }
};

StampReflector::StampReflector(asio::io_context& context, StampReflectorSettings settings, Metrics& metrics)
    : state_(std::make_unique<State>(context, std::move(settings), metrics)) {}

// The descriptor belongs to the socket.
StampReflector::~StampReflector() {
  if (state_->descriptor.is_open()) state_->descriptor.release();
}

Result<http::Endpoint> StampReflector::start() {
  const http::Endpoint& listen = state_->settings.listen;
  const auto address = net::Address::parse(http::loopback_name(listen.host));
  if (!address) return tl::unexpected(address.error());
  auto socket = ProbeSocket::open(ProbeSocket::Kind::udp, address->family());
  if (!socket) return tl::unexpected(socket.error());
  if (auto done = socket->bind(*address, listen.port); !done) {
    return fail(done.error().code, "the STAMP reflector cannot listen on {}: {}", listen.to_string(),
                done.error().message);
  }
  socket->want_destination();
  state_->socket = std::move(*socket);
  state_->descriptor.assign(state_->socket->descriptor());
  state_->wait();
  return http::Endpoint{address->to_string(), state_->socket->local_port()};
}

}  // namespace peering::feeds
