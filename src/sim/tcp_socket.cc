#include "sim/tcp_socket.h"

#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace peering::sim {

namespace {

constexpr int send_patience_s = 10;

struct HostAndPort {
  std::string host, port;
};

Result<HostAndPort> split(std::string_view endpoint) {
  const std::size_t colon = endpoint.rfind(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == endpoint.size()) {
    return tl::unexpected(invalid("address", endpoint, "host:port, e.g. 127.0.0.1:11019"));
  }
  std::string_view host = endpoint.substr(0, colon);
  if (host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  return HostAndPort{std::string(host), std::string(endpoint.substr(colon + 1))};
}

using AddressList = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

Result<AddressList> look_up(const HostAndPort& where) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int failed = getaddrinfo(where.host.c_str(), where.port.c_str(), &wanted, &found);
  if (failed != 0) return fail(ErrorCode::unavailable, "{}: {}", where.host, gai_strerror(failed));
  return AddressList(found, freeaddrinfo);
}

// 0, or the reason why there is no connection.
int connect_one(int descriptor, const addrinfo& to, std::chrono::milliseconds patience) {
  if (::connect(descriptor, to.ai_addr, to.ai_addrlen) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  pollfd wanted{descriptor, POLLOUT, 0};
  if (poll(&wanted, 1, static_cast<int>(patience.count())) <= 0) return ETIMEDOUT;
  int reason = 0;
  socklen_t size = sizeof reason;
  getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &reason, &size);
  return reason;
}

}  // namespace

Result<TcpSocket> TcpSocket::connect(std::string_view endpoint, std::chrono::milliseconds patience) {
  const auto where = split(endpoint);
  if (!where) return tl::unexpected(where.error());
  const auto addresses = look_up(*where);
  if (!addresses) return tl::unexpected(addresses.error());
  int reason = EADDRNOTAVAIL;
  for (const addrinfo* at = addresses->get(); at != nullptr; at = at->ai_next) {
    TcpSocket out(socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (out.descriptor_ < 0) {
      reason = errno;
      continue;
    }
    reason = connect_one(out.descriptor_, *at, patience);
    if (reason != 0) continue;
    const int on = 1;
    setsockopt(out.descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return out;
  }
  return fail(ErrorCode::unavailable, "{}: {}", endpoint, std::strerror(reason));
}

TcpSocket::TcpSocket(TcpSocket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

TcpSocket& TcpSocket::operator=(TcpSocket&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

TcpSocket::~TcpSocket() {
  if (descriptor_ >= 0) close(descriptor_);
}

Result<void> TcpSocket::send_all(std::span<const std::uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(sent));
      continue;
    }
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno != EAGAIN) {
      return fail(ErrorCode::unavailable, "the station is gone: {}", std::strerror(errno));
    }
    pollfd wanted{descriptor_, POLLOUT, 0};
    if (poll(&wanted, 1, send_patience_s * 1000) <= 0) {
      return fail(ErrorCode::timeout, "the station took nothing for {} s", send_patience_s);
    }
  }
  return {};
}

bool TcpSocket::closed_by_peer() {
  char thrown_away[256];
  const ssize_t count = recv(descriptor_, thrown_away, sizeof thrown_away, MSG_DONTWAIT);
  return count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR);
}

std::uint16_t TcpSocket::local_port() const {
  sockaddr_storage local{};
  socklen_t size = sizeof local;
  if (getsockname(descriptor_, reinterpret_cast<sockaddr*>(&local), &size) != 0) return 0;
  if (local.ss_family == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6&>(local).sin6_port);
  return ntohs(reinterpret_cast<const sockaddr_in&>(local).sin_port);
}

}  // namespace peering::sim
