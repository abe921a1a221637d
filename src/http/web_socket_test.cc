// What it says and hears is shown by the system test of RIS Live, against another implementation; here is how
// it waits and how it ends.
#include "http/web_socket.h"

#include <array>
#include <atomic>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <sys/socket.h>
#include <unistd.h>

namespace peering::http {
namespace {

// Takes connections and never says a word, unless one is taken from it.
class SilentListener {
 public:
  SilentListener() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(socket_, reinterpret_cast<sockaddr*>(&address), size);
    ::listen(socket_, 4);
    ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
  }
  ~SilentListener() { close(); }
  void close() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
  }
  int accept() const { return ::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC); }
  std::string url(std::string_view scheme) const { return fmt::format("{}://127.0.0.1:{}/", scheme, port_); }

 private:
  int socket_;
  int port_ = 0;
};

// Answers the client's handshake (RFC 6455 section 4.2.2).
void shake_hands(int socket) {
  std::string request;
  for (char byte = 0; request.find("\r\n\r\n") == std::string::npos; request += byte) {
    ASSERT_EQ(::recv(socket, &byte, 1, 0), 1);
  }
  const std::string_view name = "Sec-WebSocket-Key: ";
  const std::size_t key = request.find(name) + name.size();
  const std::string said =
      request.substr(key, request.find("\r\n", key) - key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
  EVP_Digest(said.data(), said.size(), digest.data(), nullptr, EVP_sha1(), nullptr);
  std::array<unsigned char, 64> text{};
  EVP_EncodeBlock(text.data(), digest.data(), SHA_DIGEST_LENGTH);
  const std::string answer = fmt::format(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: {}\r\n\r\n",
      reinterpret_cast<const char*>(text.data()));
  ASSERT_EQ(::send(socket, answer.data(), answer.size(), MSG_NOSIGNAL), std::ssize(answer));
}

TEST(WebSocket, WithoutWaitingTakesWholeMessagesThatCameAlready) {
  SilentListener listener;
  std::atomic<int> server = -1;
  std::thread handshake([&] {
    const int taken = listener.accept();
    shake_hands(taken);
    server = taken;
  });
  WebSocket socket;
  const auto connected = socket.connect(listener.url("ws"));
  handshake.join();
  ASSERT_TRUE(connected) << connected.error().message;
  const auto says = [&](std::string_view bytes) {
    ASSERT_EQ(::send(server, bytes.data(), bytes.size(), MSG_NOSIGNAL), std::ssize(bytes));
  };
  constexpr std::chrono::milliseconds now(0);
  const auto taken = [&] {
    const auto message = socket.receive(now);
    return !message ? "error" : *message ? std::string(**message) : std::string("nothing");
  };
  EXPECT_EQ(taken(), "nothing");
  says("\x81\x03one\x81\x03two\x81\x05thr");
  EXPECT_EQ(taken(), "one");
  EXPECT_EQ(taken(), "two");
  EXPECT_EQ(taken(), "nothing") << "but a part of a message";
  says("ee");
  EXPECT_EQ(taken(), "three");
  EXPECT_EQ(taken(), "nothing");
  ::close(server);
  EXPECT_EQ(socket.receive(std::chrono::minutes(1)).error().code, ErrorCode::unavailable);
}

TEST(WebSocket, IsUnavailableWhereNobodyListensAndRefusesOtherUrls) {
  SilentListener listener;
  const std::string url = listener.url("ws");
  listener.close();
  WebSocket socket;
  EXPECT_EQ(socket.connect(url).error().code, ErrorCode::unavailable);
  EXPECT_EQ(socket.connect("http://127.0.0.1/").error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(socket.send("x").error().code, ErrorCode::unavailable) << "not connected";
  EXPECT_EQ(socket.receive(std::chrono::milliseconds(1)).error().code, ErrorCode::unavailable);
}

TEST(WebSocket, GivesUpAServerThatIsSilent) {
  SilentListener listener;
  for (const char* scheme : {"ws", "wss"}) {
    WebSocket socket({.connect_timeout = std::chrono::milliseconds(50)});
    EXPECT_EQ(socket.connect(listener.url(scheme)).error().code, ErrorCode::timeout) << scheme;
  }
}

TEST(WebSocket, IsCancelledByAnotherThreadAndStaysSo) {
  SilentListener listener;
  WebSocket socket({.connect_timeout = std::chrono::hours(1)});
  std::thread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    socket.cancel();
  });
  EXPECT_EQ(socket.connect(listener.url("ws")).error().code, ErrorCode::unavailable);
  other.join();
  EXPECT_EQ(socket.connect(listener.url("ws")).error().code, ErrorCode::unavailable);
}

}  // namespace
}  // namespace peering::http
