// A router with a full table: `route_injector bmp|bgp ADDRESS PORT ROUTES [SOURCE]` connects (from SOURCE,
// which is also its next hop), waits for a line on its standard input, sends the table of `full_table.h` as
// fast as it is taken, and stays until its input ends. Says `start` and `sent`, each with the monotonic time
// in nanoseconds. As BGP speaker it is AS 64501 and sends a KEEPALIVE now and then.
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "full_table.h"

namespace {

using Bytes = std::vector<std::uint8_t>;
namespace net = peering::net;

constexpr net::Asn our_asn = 64501;

void put(Bytes& out, std::uint64_t number, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
    out.push_back(static_cast<std::uint8_t>(number >> shift));
}

Bytes bmp_message(std::uint8_t type, const Bytes& body) {
  Bytes out;
  put(out, 3, 1);
  put(out, 6 + body.size(), 4);
  put(out, type, 1);
  out.insert(out.end(), body.begin(), body.end());
  return out;
}

void append(Bytes& to, const Bytes& from) { to.insert(to.end(), from.begin(), from.end()); }

Bytes open_message() {
  Bytes body{4};
  put(body, our_asn, 2);
  put(body, 240, 2);
  put(body, 0xC0000202, 4);
  Bytes capabilities{1, 4, 0, 1, 0, 1, 65, 4};
  put(capabilities, our_asn, 4);
  put(body, capabilities.size() + 2, 1);
  put(body, 2, 1);
  put(body, capabilities.size(), 1);
  append(body, capabilities);
  Bytes out(16, 0xff);
  put(out, 19 + body.size(), 2);
  put(out, 1, 1);
  append(out, body);
  return out;
}

Bytes keepalive() {
  Bytes out(16, 0xff);
  put(out, 19, 2);
  put(out, 4, 1);
  return out;
}

Bytes per_peer_header() {
  Bytes out{0, 0};
  put(out, 0, 8);
  put(out, 0, 8);
  put(out, 0, 4);
  put(out, 0xC0000202, 4);  // 192.0.2.2
  put(out, our_asn, 4);
  put(out, 0xC0000202, 4);
  put(out, 0, 8);
  return out;
}

Bytes bmp_greeting() {
  Bytes name;
  put(name, 2, 2);
  put(name, 8, 2);
  for (const char c : std::string("injector")) name.push_back(static_cast<std::uint8_t>(c));
  Bytes out = bmp_message(4, name);
  Bytes up = per_peer_header();
  put(up, 0, 8);
  put(up, 0, 4);
  put(up, 0xC0000201, 4);
  put(up, 179, 2);
  put(up, 40000, 2);
  append(up, open_message());
  append(up, open_message());
  append(out, bmp_message(3, up));
  return out;
}

Bytes table(std::size_t routes, const net::Address& next_hop, bool bmp) {
  Bytes out;
  peering::bench::for_each_update(routes, our_asn, next_hop, [&](const Bytes& message) {
    if (!bmp) return append(out, message);
    Bytes body = per_peer_header();
    append(body, message);
    append(out, bmp_message(0, body));
  });
  return out;
}

int connect_from(const net::Address& source, const char* address, const char* port) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in from{};
  from.sin_family = AF_INET;
  std::memcpy(&from.sin_addr, source.bytes().data(), 4);
  if (bind(fd, reinterpret_cast<sockaddr*>(&from), sizeof from) != 0) {
    std::perror("bind");
    std::exit(1);
  }
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(std::atoi(port)));
  inet_pton(AF_INET, address, &to.sin_addr);
  if (connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) {
    std::perror("connect");
    std::exit(1);
  }
  return fd;
}

bool send_all(int fd, const Bytes& bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const auto sent = send(fd, bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    at += static_cast<std::size_t>(sent);
  }
  return true;
}

void say(const char* what) {
  const auto at = std::chrono::steady_clock::now().time_since_epoch();
  std::printf("%s %lld\n", what, static_cast<long long>(std::chrono::nanoseconds(at).count()));
  std::fflush(stdout);
}

// OPEN and KEEPALIVE came: at least 19 + 10 and 19 bytes.
bool establish(int fd) {
  if (!send_all(fd, open_message())) return false;
  std::array<std::uint8_t, 4096> buffer;
  std::size_t got = 0;
  if (recv(fd, buffer.data(), buffer.size(), MSG_PEEK) <= 0) return false;
  got = static_cast<std::size_t>(recv(fd, buffer.data(), buffer.size(), 0));
  if (!send_all(fd, keepalive())) return false;
  const std::size_t open_size = static_cast<std::size_t>(buffer[16]) << 8 | buffer[17];
  while (got < open_size + 19) {
    const auto more = recv(fd, buffer.data(), buffer.size(), 0);
    if (more <= 0) return false;
    got += static_cast<std::size_t>(more);
  }
  return true;
}

// Until standard input ends.
void stay(int fd, bool bmp) {
  std::array<char, 4096> buffer;
  while (true) {
    pollfd wait[2] = {{STDIN_FILENO, POLLIN, 0}, {fd, POLLIN, 0}};
    const int ready = poll(wait, 2, 20'000);
    if (ready == 0 && !bmp && !send_all(fd, keepalive())) return;
    if (wait[0].revents != 0 && read(STDIN_FILENO, buffer.data(), buffer.size()) <= 0) return;
    if (wait[1].revents != 0 && recv(fd, buffer.data(), buffer.size(), 0) <= 0) return;
  }
}

}  // namespace

int main(int count, char** arguments) {
  const auto source = net::Address::parse(count == 6 ? arguments[5] : "127.0.0.1");
  if (count < 5 || count > 6 || !source || !source->is_v4()) {
    std::fprintf(stderr, "usage: route_injector bmp|bgp ADDRESS PORT ROUTES [SOURCE]\n");
    return 2;
  }
  const bool bmp = std::string(arguments[1]) == "bmp";
  const Bytes routes = table(std::strtoull(arguments[4], nullptr, 10), *source, bmp);
  const int fd = connect_from(*source, arguments[2], arguments[3]);
  const bool ready = bmp ? send_all(fd, bmp_greeting()) : establish(fd);
  if (!ready) {
    std::fprintf(stderr, "the session did not come up\n");
    return 1;
  }
  say("ready");
  char go = 0;
  if (read(STDIN_FILENO, &go, 1) != 1) return 1;
  say("start");
  if (!send_all(fd, routes)) {
    std::fprintf(stderr, "the session ended\n");
    return 1;
  }
  say("sent");
  stay(fd, bmp);
  close(fd);
}
