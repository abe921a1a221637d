#include "feeds/probe_socket.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <utility>

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
// After those of the C library, whose definitions they respect; net/if.h for files that are compiled with
// this one.
#include <linux/errqueue.h>
#include <linux/icmp.h>

#include "wire/icmp/message.h"

namespace peering::feeds {

namespace {

constexpr int retries_max = 3;
constexpr std::size_t control_bytes = 512;

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = sizeof(sockaddr_storage);
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

SocketAddress to_socket_address(const net::Address& address, std::uint16_t port) {
  SocketAddress out;
  if (address.is_v4()) {
    auto* v4 = reinterpret_cast<sockaddr_in*>(&out.storage);
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    std::memcpy(&v4->sin_addr, address.bytes().data(), 4);
    out.length = sizeof(sockaddr_in);
  } else {
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&out.storage);
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    std::memcpy(&v6->sin6_addr, address.bytes().data(), 16);
    out.length = sizeof(sockaddr_in6);
  }
  return out;
}

net::Address v4_of(const void* at) {
  std::array<std::uint8_t, 4> bytes;
  std::memcpy(bytes.data(), at, bytes.size());
  return net::Address::v4(bytes);
}
net::Address v6_of(const void* at) {
  std::array<std::uint8_t, 16> bytes;
  std::memcpy(bytes.data(), at, bytes.size());
  return net::Address::v6(bytes);
}

std::optional<net::Address> address_of(const sockaddr* from) {
  if (from->sa_family == AF_INET) return v4_of(&reinterpret_cast<const sockaddr_in*>(from)->sin_addr);
  if (from->sa_family == AF_INET6) return v6_of(&reinterpret_cast<const sockaddr_in6*>(from)->sin6_addr);
  return std::nullopt;
}

std::uint16_t port_of(const sockaddr* from) {
  if (from->sa_family == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in*>(from)->sin_port);
  return ntohs(reinterpret_cast<const sockaddr_in6*>(from)->sin6_port);
}

// Everything that `recvmsg` is given and gives.
struct Message {
  explicit Message(std::vector<std::uint8_t>& buffer) {
    part = {buffer.data(), buffer.size()};
    header.msg_name = name.get();
    header.msg_namelen = name.length;
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
  }
  template <class Each>
  void for_controls(Each each) {
    for (cmsghdr* at = CMSG_FIRSTHDR(&header); at; at = CMSG_NXTHDR(&header, at)) each(*at);
  }

  SocketAddress name;
  iovec part{};
  alignas(cmsghdr) std::array<char, control_bytes> control{};
  msghdr header{};
};

int number_in(const cmsghdr& control) {
  int value = 0;
  std::memcpy(&value, CMSG_DATA(&control), sizeof value);
  return value;
}

std::optional<std::chrono::nanoseconds> stamp_in(const cmsghdr& control) {
  if (control.cmsg_level != SOL_SOCKET || control.cmsg_type != SCM_TIMESTAMPNS) return std::nullopt;
  timespec stamp{};
  std::memcpy(&stamp, CMSG_DATA(&control), sizeof stamp);
  return std::chrono::seconds(stamp.tv_sec) + std::chrono::nanoseconds(stamp.tv_nsec);
}

void read_control(const cmsghdr& control, Datagram& out) {
  const bool ip = control.cmsg_level == IPPROTO_IP, ip6 = control.cmsg_level == IPPROTO_IPV6;
  if (const auto stamp = stamp_in(control)) out.at = *stamp;
  if ((ip && control.cmsg_type == IP_TTL) || (ip6 && control.cmsg_type == IPV6_HOPLIMIT)) {
    out.ttl = number_in(control);
  } else if (ip && control.cmsg_type == IP_PKTINFO) {
    in_pktinfo info{};
    std::memcpy(&info, CMSG_DATA(&control), sizeof info);
    out.to = v4_of(&info.ipi_addr);
  } else if (ip6 && control.cmsg_type == IPV6_PKTINFO) {
    in6_pktinfo info{};
    std::memcpy(&info, CMSG_DATA(&control), sizeof info);
    out.to = v6_of(&info.ipi6_addr);
  }
}

void read_control(const cmsghdr& control, DatagramProblem& out) {
  if (const auto stamp = stamp_in(control)) out.at = *stamp;
  const bool error = (control.cmsg_level == IPPROTO_IP && control.cmsg_type == IP_RECVERR) ||
                     (control.cmsg_level == IPPROTO_IPV6 && control.cmsg_type == IPV6_RECVERR);
  if (!error) return;
  sock_extended_err what{};
  std::memcpy(&what, CMSG_DATA(&control), sizeof what);
  out.error_number = static_cast<int>(what.ee_errno);
  if (what.ee_origin != SO_EE_ORIGIN_ICMP && what.ee_origin != SO_EE_ORIGIN_ICMP6) return;
  out.type = what.ee_type;
  out.code = what.ee_code;
  SocketAddress offender;
  const std::size_t left = control.cmsg_len - CMSG_LEN(sizeof what);
  std::memcpy(&offender.storage, CMSG_DATA(&control) + sizeof what, std::min(left, sizeof offender.storage));
  out.offender = address_of(offender.get());
}

template <class Value>
void append_control(msghdr& header, int level, int type, const Value& value) {
  auto* at = reinterpret_cast<cmsghdr*>(static_cast<char*>(header.msg_control) + header.msg_controllen);
  at->cmsg_level = level;
  at->cmsg_type = type;
  at->cmsg_len = CMSG_LEN(sizeof value);
  std::memcpy(CMSG_DATA(at), &value, sizeof value);
  header.msg_controllen += CMSG_SPACE(sizeof value);
}

void append_source(msghdr& header, const net::Address& source) {
  if (source.is_v4()) {
    in_pktinfo info{};
    std::memcpy(&info.ipi_spec_dst, source.bytes().data(), 4);
    append_control(header, IPPROTO_IP, IP_PKTINFO, info);
  } else {
    in6_pktinfo info{};
    std::memcpy(&info.ipi6_addr, source.bytes().data(), 16);
    append_control(header, IPPROTO_IPV6, IPV6_PKTINFO, info);
  }
}

Error refused(std::string_view what, int number) {
  const ErrorCode code = number == EACCES || number == EPERM ? ErrorCode::permission_denied : ErrorCode::io;
  return {code, fmt::format("{}: {}", what, std::strerror(number))};
}

}  // namespace

std::chrono::nanoseconds wall_clock() {
  timespec at{};
  ::clock_gettime(CLOCK_REALTIME, &at);
  return std::chrono::seconds(at.tv_sec) + std::chrono::nanoseconds(at.tv_nsec);
}

Result<ProbeSocket> ProbeSocket::open(Kind kind, net::Family family) {
  const bool v4 = family == net::Family::ipv4;
  const int type = kind == Kind::raw_icmp ? SOCK_RAW : SOCK_DGRAM;
  const int icmp = v4 ? int{IPPROTO_ICMP} : int{IPPROTO_ICMPV6};
  const int protocol = kind == Kind::udp ? int{IPPROTO_UDP} : icmp;
  const int descriptor = ::socket(v4 ? AF_INET : AF_INET6, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
  if (descriptor < 0) return tl::unexpected(refused("a socket for probes", errno));
  ProbeSocket out(descriptor, kind, family);
  out.set_options();
  return out;
}

ProbeSocket::ProbeSocket(ProbeSocket&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      kind_(other.kind_),
      family_(other.family_),
      buffer_(std::move(other.buffer_)) {}

ProbeSocket& ProbeSocket::operator=(ProbeSocket&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  kind_ = other.kind_;
  family_ = other.family_;
  std::swap(buffer_, other.buffer_);
  return *this;
}

ProbeSocket::~ProbeSocket() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void ProbeSocket::set_options() {
  const int on = 1;
  const auto set = [&](int level, int name) { ::setsockopt(descriptor_, level, name, &on, sizeof on); };
  set(SOL_SOCKET, SO_TIMESTAMPNS);
  if (family_ == net::Family::ipv4) {
    set(IPPROTO_IP, IP_RECVERR);
    set(IPPROTO_IP, IP_RECVTTL);
  } else {
    set(IPPROTO_IPV6, IPV6_V6ONLY);
    set(IPPROTO_IPV6, IPV6_RECVERR);
    set(IPPROTO_IPV6, IPV6_RECVHOPLIMIT);
  }
  if (kind_ == Kind::raw_icmp) ignore_other_icmp();
}

// A raw socket is given every ICMP message of the host.
void ProbeSocket::ignore_other_icmp() {
  if (family_ == net::Family::ipv4) {
    icmp_filter filter{~(1U << ICMP_ECHOREPLY)};
    ::setsockopt(descriptor_, SOL_RAW, ICMP_FILTER, &filter, sizeof filter);
    return;
  }
  icmp6_filter filter;
  ICMP6_FILTER_SETBLOCKALL(&filter);
  ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &filter);
  ::setsockopt(descriptor_, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof filter);
}

void ProbeSocket::want_destination() {
  const int on = 1;
  if (family_ == net::Family::ipv4) {
    ::setsockopt(descriptor_, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
  } else {
    ::setsockopt(descriptor_, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on);
  }
}

Result<void> ProbeSocket::bind(const std::optional<net::Address>& address, std::uint16_t port) {
  static constexpr std::array<std::uint8_t, 16> any{};
  const net::Address where =
      address.value_or(family_ == net::Family::ipv4 ? net::Address::v4(0) : net::Address::v6(any));
  SocketAddress name = to_socket_address(where, port);
  if (::bind(descriptor_, name.get(), name.length) != 0) {
    return tl::unexpected(refused(fmt::format("{} port {}", where.to_string(), port), errno));
  }
  return {};
}

Result<void> ProbeSocket::connect(const net::Address& address, std::uint16_t port) {
  SocketAddress name = to_socket_address(address, port);
  if (::connect(descriptor_, name.get(), name.length) != 0) {
    return tl::unexpected(refused(address.to_string(), errno));
  }
  return {};
}

std::uint16_t ProbeSocket::local_port() const {
  SocketAddress name;
  if (::getsockname(descriptor_, name.get(), &name.length) != 0) return 0;
  return port_of(name.get());
}

int ProbeSocket::send(std::span<const std::uint8_t> bytes, const Sending& sending) {
  iovec part{const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
  alignas(cmsghdr) std::array<char, control_bytes> control{};
  SocketAddress name;
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  if (sending.to) {
    name = to_socket_address(*sending.to, sending.port);
    header.msg_name = name.get();
    header.msg_namelen = name.length;
  }
  if (sending.ttl > 0) {
    const bool v4 = family_ == net::Family::ipv4;
    append_control(header, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_TTL : IPV6_HOPLIMIT, sending.ttl);
  }
  if (sending.source) append_source(header, *sending.source);
  if (header.msg_controllen == 0) header.msg_control = nullptr;
  // An error that came for an earlier packet is given to whoever sends next, once.
  for (int attempt = 0; true; ++attempt) {
    if (::sendmsg(descriptor_, &header, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) return 0;
    if (attempt == retries_max) return errno;
  }
}

std::optional<Datagram> ProbeSocket::receive() {
  for (int attempt = 0; attempt <= retries_max; ++attempt) {
    Message message(buffer_);
    const ssize_t count = ::recvmsg(descriptor_, &message.header, MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EBADF)) return std::nullopt;
    if (count < 0) continue;  // the error of an earlier packet, which its queue has too
    const auto from = address_of(message.name.get());
    if (!from) continue;
    Datagram out;
    out.from = *from;
    out.port = port_of(message.name.get());
    out.at = wall_clock();
    message.for_controls([&](const cmsghdr& control) { read_control(control, out); });
    out.bytes = std::span<const std::uint8_t>(buffer_).first(static_cast<std::size_t>(count));
    const bool header = kind_ == Kind::raw_icmp && family_ == net::Family::ipv4;
    if (header) out.bytes = wire::icmp::ipv4_payload(out.bytes);
    return out;
  }
  return std::nullopt;
}

std::optional<DatagramProblem> ProbeSocket::receive_problem() {
  Message message(buffer_);
  const ssize_t count = ::recvmsg(descriptor_, &message.header, MSG_DONTWAIT | MSG_ERRQUEUE);
  if (count < 0) return std::nullopt;
  DatagramProblem out;
  out.at = wall_clock();
  out.destination = address_of(message.name.get()).value_or(net::Address());
  message.for_controls([&](const cmsghdr& control) { read_control(control, out); });
  out.bytes = std::span<const std::uint8_t>(buffer_).first(static_cast<std::size_t>(count));
  return out;
}

}  // namespace peering::feeds
