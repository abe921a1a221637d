// For tests: both ends of TCP without any HTTP in them, to break its rules on purpose.
#pragma once

#include <atomic>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace peering::http {

inline sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(port);
  out.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return out;
}

/// A client that says what it likes.
class RawConnection {
 public:
  explicit RawConnection(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const sockaddr_in to = loopback(port);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
  }
  ~RawConnection() { ::close(socket_); }
  RawConnection(const RawConnection&) = delete;
  RawConnection& operator=(const RawConnection&) = delete;

  bool send(std::string_view bytes) {
    return ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
  }
  /// Everything until the server closes or `timeout_ms` pass without a byte.
  std::string read(int timeout_ms = 3000) {
    std::string out;
    char bytes[4096];
    while (is_readable(timeout_ms)) {
      const ssize_t count = ::recv(socket_, bytes, sizeof bytes, 0);
      if (count <= 0) break;
      out.append(bytes, static_cast<std::size_t>(count));
    }
    return out;
  }
  /// There is something to read, or the end, within the time.
  bool is_readable(int timeout_ms) {
    pollfd wait{socket_, POLLIN, 0};
    return ::poll(&wait, 1, timeout_ms) == 1;
  }
  /// The server closed without a byte, within the time.
  bool is_closed(int timeout_ms = 3000) {
    char byte = 0;
    return is_readable(timeout_ms) && ::recv(socket_, &byte, 1, MSG_PEEK) <= 0;
  }

 private:
  const int socket_;
};

/// A server that answers the requests of its n-th connection with the texts of `answers[n]`, and then closes
/// it when the next request has come. Nothing but the end of heads is looked at.
class ScriptedServer {
 public:
  explicit ScriptedServer(std::vector<std::vector<std::string>> answers)
      : answers_(std::move(answers)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in at = loopback(0);
    socklen_t size = sizeof at;
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&at), size), 0);
    EXPECT_EQ(::listen(listener_, 8), 0);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size);
    port_ = ntohs(at.sin_port);
    thread_ = std::thread([this] { run(); });
  }
  ~ScriptedServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  std::uint16_t port() const { return port_; }
  int requests() const { return requests_; }

 private:
  void run() {
    for (const auto& answers : answers_) {
      const int socket = ::accept(listener_, nullptr, nullptr);
      if (socket < 0) return;
      for (const std::string& answer : answers) {
        if (!read_head(socket)) break;
        ::send(socket, answer.data(), answer.size(), MSG_NOSIGNAL);
      }
      read_head(socket);
      ::close(socket);
    }
  }
  bool read_head(int socket) {
    std::string head;
    char byte = 0;
    while (!head.ends_with("\r\n\r\n")) {
      if (::recv(socket, &byte, 1, 0) != 1) return false;
      head += byte;
    }
    ++requests_;
    return true;
  }

  const std::vector<std::vector<std::string>> answers_;
  const int listener_;
  std::uint16_t port_ = 0;
  std::atomic<int> requests_{0};
  std::thread thread_;
};

}  // namespace peering::http
