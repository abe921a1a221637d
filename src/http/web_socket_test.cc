// What it says and hears is shown by the system test of RIS Live, against another implementation; here is how
// it ends.
#include "http/web_socket.h"

#include <thread>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace peering::http {
namespace {

// Takes connections and never says a word.
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
  std::string url(std::string_view scheme) const { return fmt::format("{}://127.0.0.1:{}/", scheme, port_); }

 private:
  int socket_;
  int port_ = 0;
};

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
