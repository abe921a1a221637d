// A neighbour for tests: a blocking socket that says what it is told to.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/server.h"
#include "wire/bgp/notification.h"
#include "wire/bgp/update.h"

namespace peering::feeds::test {

using Bytes = std::vector<std::uint8_t>;

inline constexpr net::Asn collector_asn = 64500, neighbor_asn = 64496;

inline wire::bgp::Open neighbor_open() {
  wire::bgp::Open out;
  out.asn = neighbor_asn;
  out.hold_time_s = 90;
  out.bgp_identifier = net::Address::v4(0x0a000009);
  out.four_octet_asn = out.route_refresh = out.extended_message = true;
  out.families = {wire::bgp::ipv4_unicast, wire::bgp::ipv6_unicast};
  return out;
}

inline Bytes announcement(std::string_view prefix, const wire::bgp::SessionFacts& facts = {},
                          std::uint32_t path_id = 0) {
  wire::bgp::Update update;
  update.attributes.as_path = wire::bgp::AsPath::sequence({neighbor_asn, 64499});
  update.attributes.next_hop = net::Address::v4(0xc0000201);
  update.announced = {{*net::Prefix::parse(prefix), path_id}};
  return *wire::bgp::encode_update(update, facts);
}

inline Bytes withdrawal(std::string_view prefix, const wire::bgp::SessionFacts& facts,
                        std::uint32_t path_id) {
  wire::bgp::Update update;
  update.withdrawn = {{*net::Prefix::parse(prefix), path_id}};
  return *wire::bgp::encode_update(update, facts);
}

class Neighbor {
 public:
  Neighbor() = default;
  explicit Neighbor(int socket) : socket_(socket) {}
  ~Neighbor() { close(); }
  Neighbor(Neighbor&& other) noexcept
      : socket_(std::exchange(other.socket_, -1)), buffer_(std::move(other.buffer_)) {}
  Neighbor& operator=(Neighbor&& other) noexcept {
    std::swap(socket_, other.socket_);
    std::swap(buffer_, other.buffer_);
    return *this;
  }

  /// From an address of the loopback network.
  static Neighbor connect(const http::Endpoint& to, const char* from = "127.0.0.1") {
    Neighbor out(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    ::inet_pton(AF_INET, from, &address.sin_addr);
    (void)::bind(out.socket_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    ::inet_pton(AF_INET, to.host.c_str(), &address.sin_addr);
    address.sin_port = htons(to.port);
    if (::connect(out.socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) out.close();
    return out;
  }

  void send(const Bytes& bytes) { (void)::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL); }
  /// Bytes that the socket took without waiting.
  std::size_t send_some(const Bytes& bytes) {
    const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    return sent < 0 ? 0 : static_cast<std::size_t>(sent);
  }
  /// The next message, whole; nothing when the connection ended or 10 s passed.
  std::optional<Bytes> receive() {
    while (true) {
      if (buffer_.size() >= wire::bgp::header_bytes) {
        const std::size_t length = static_cast<std::size_t>(buffer_[16]) << 8 | buffer_[17];
        if (buffer_.size() >= length) {
          const auto end = buffer_.begin() + static_cast<std::ptrdiff_t>(length);
          Bytes out(buffer_.begin(), end);
          buffer_.erase(buffer_.begin(), end);
          return out;
        }
      }
      pollfd waiting{socket_, POLLIN, 0};
      std::uint8_t chunk[4096];
      if (::poll(&waiting, 1, 10'000) <= 0) return std::nullopt;
      const auto count = ::recv(socket_, chunk, sizeof chunk, 0);
      if (count <= 0) return std::nullopt;
      buffer_.insert(buffer_.end(), chunk, chunk + count);
    }
  }
  /// The next NOTIFICATION, other messages passed over.
  std::optional<wire::bgp::Notification> notification() {
    while (const auto message = receive()) {
      const auto framed = wire::bgp::decode_message(*message);
      if (framed && framed->type == wire::bgp::MessageType::notification) {
        return *wire::bgp::decode_notification(framed->body);
      }
    }
    return std::nullopt;
  }
  /// Exchanges OPENs and KEEPALIVEs.
  bool establish(const wire::bgp::Open& open = neighbor_open()) {
    send(wire::bgp::encode_open(open));
    if (!receive()) return false;  // OPEN
    send(wire::bgp::encode_keepalive());
    return receive().has_value();  // KEEPALIVE
  }
  void close() {
    if (socket_ >= 0) ::close(std::exchange(socket_, -1));
  }
  bool connected() const { return socket_ >= 0; }

 private:
  int socket_ = -1;
  Bytes buffer_;
};

}  // namespace peering::feeds::test
