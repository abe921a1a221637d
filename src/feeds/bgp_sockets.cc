#include "feeds/bgp_sockets.h"

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fstream>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>

namespace peering::feeds {

namespace {

constexpr int ttl_max = 255;

Result<void> set(int socket, int level, int option, const void* value, std::size_t size,
                 std::string_view name) {
  if (::setsockopt(socket, level, option, value, static_cast<socklen_t>(size)) == 0) return {};
  return fail(ErrorCode::io, "{} is refused by the kernel: {}", name, std::strerror(errno));
}

Result<void> set_number(int socket, int level, int option, int value, std::string_view name) {
  return set(socket, level, option, &value, sizeof value, name);
}

sockaddr_storage storage_of(const net::Address& address, bool as_ipv6) {
  sockaddr_storage out{};
  const auto bytes = address.bytes();
  if (!as_ipv6) {
    auto* v4 = reinterpret_cast<sockaddr_in*>(&out);
    v4->sin_family = AF_INET;
    std::memcpy(&v4->sin_addr, bytes.data(), 4);
    return out;
  }
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&out);
  v6->sin6_family = AF_INET6;
  if (address.is_v4()) {
    v6->sin6_addr.s6_addr[10] = v6->sin6_addr.s6_addr[11] = 0xff;
    std::memcpy(v6->sin6_addr.s6_addr + 12, bytes.data(), 4);
  } else {
    std::memcpy(v6->sin6_addr.s6_addr, bytes.data(), 16);
  }
  return out;
}

}  // namespace

Result<void> set_tcp_md5(int socket, bool on_ipv6, const net::Address& peer, const std::string& password) {
  tcp_md5sig signature{};
  if (password.empty() || password.size() > sizeof signature.tcpm_key) {
    return fail(ErrorCode::invalid_argument, "a TCP-MD5 password has 1 to {} bytes",
                sizeof signature.tcpm_key);
  }
  signature.tcpm_addr = storage_of(peer, on_ipv6);
  signature.tcpm_keylen = static_cast<std::uint16_t>(password.size());
  std::memcpy(signature.tcpm_key, password.data(), password.size());
  return set(socket, IPPROTO_TCP, TCP_MD5SIG, &signature, sizeof signature, "TCP_MD5SIG");
}

Result<void> set_longest_ttl(int socket, bool on_ipv6) {
  auto done = set_number(socket, IPPROTO_IP, IP_TTL, ttl_max, "IP_TTL");
  if (!done || !on_ipv6) return done;
  return set_number(socket, IPPROTO_IPV6, IPV6_UNICAST_HOPS, ttl_max, "IPV6_UNICAST_HOPS");
}

Result<void> keep_connection_requests(int listening) {
  return set_number(listening, IPPROTO_TCP, TCP_SAVE_SYN, 1, "TCP_SAVE_SYN");
}

std::optional<int> ttl_of_connection_request(int socket) {
  std::array<std::uint8_t, 256> headers{};  // at most 60 bytes of IP and 60 of TCP, or 40 and extensions
  auto size = static_cast<socklen_t>(headers.size());
  if (::getsockopt(socket, IPPROTO_TCP, TCP_SAVED_SYN, headers.data(), &size) != 0 || size < 20) return {};
  return headers[0] >> 4 == 4 ? headers[8] : headers[7];
}

void clear_tcp_md5(int socket, bool on_ipv6, const net::Address& peer) {
  tcp_md5sig signature{};  // a key of no bytes takes the former one away
  signature.tcpm_addr = storage_of(peer, on_ipv6);
  (void)::setsockopt(socket, IPPROTO_TCP, TCP_MD5SIG, &signature, sizeof signature);
}

int least_ttl(int hops) { return ttl_max + 1 - hops; }

Result<void> set_ttl_security(int socket, bool on_ipv6, int hops) {
  const int least = least_ttl(hops);
  auto done = set_longest_ttl(socket, on_ipv6);
  // Also on IPv6 sockets: an IPv4 neighbor may be behind it, as a mapped address.
  if (done) done = set_number(socket, IPPROTO_IP, IP_MINTTL, least, "IP_MINTTL");
  if (!done || !on_ipv6) return done;
  constexpr int ipv6_min_hop_count = 73;  // IPV6_MINHOPCOUNT, in linux/in6.h only
  return set_number(socket, IPPROTO_IPV6, ipv6_min_hop_count, least, "IPV6_MINHOPCOUNT");
}

Result<std::string> read_password(const std::string& file, std::size_t bytes_max) {
  struct stat status{};
  if (::stat(file.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return fail(ErrorCode::invalid_argument, "{}: the password file cannot be read", file);
  }
  if ((status.st_mode & 0177) != 0) {
    return fail(ErrorCode::invalid_argument,
                "{}: the password file can be read by others than its owner; its mode must be 0600", file);
  }
  std::ifstream in(file);
  std::string line;
  if (!std::getline(in, line) || line.empty() || line.size() > bytes_max) {
    return fail(ErrorCode::invalid_argument, "{}: a password is one line of 1 to {} bytes", file, bytes_max);
  }
  return line;
}

}  // namespace peering::feeds
