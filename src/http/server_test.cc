#include "http/server.h"

#include <atomic>
#include <filesystem>
#include <thread>

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/client.h"
#include "http/local_authority.h"

namespace peering::http {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

// A plain TCP connection: what a client that breaks rules would use.
class RawConnection {
 public:
  explicit RawConnection(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
  }
  ~RawConnection() { ::close(socket_); }
  bool send(std::string_view bytes) {
    return ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
  }
  // Everything until the server closes or `timeout` passes without a byte.
  std::string read(int timeout_ms = 3000) {
    std::string out;
    char bytes[4096];
    pollfd wait{socket_, POLLIN, 0};
    while (::poll(&wait, 1, timeout_ms) == 1) {
      const ssize_t count = ::recv(socket_, bytes, sizeof bytes, 0);
      if (count <= 0) break;
      out.append(bytes, static_cast<std::size_t>(count));
    }
    return out;
  }

 private:
  int socket_;
};

class ServerTest : public testing::Test {
 protected:
  void start(const Handler& handler, const Limits& limits = {}) {
    server_.emplace(handler, limits, workers_, metrics_);
    port_ = server_->listen({"127.0.0.1", 0}, std::nullopt).value().port;
  }
  static Response echo(const Request& request) {
    Response out;
    out.headers.set("Content-Type", "text/plain");
    out.body = std::string(to_string(request.method)) + " " + request.target + " " + request.body;
    return out;
  }
  std::string url(std::string_view path) const { return fmt::format("http://127.0.0.1:{}{}", port_, path); }
  double rejected(const std::string& reason) {
    return metrics_.counter("peering_http_rejected_total", "", {{"reason", reason}}).value();
  }

  Metrics metrics_;
  runtime::WorkerPool workers_{4, 64};
  std::optional<Server> server_;
  std::uint16_t port_ = 0;
};

TEST_F(ServerTest, AnswersAndKeepsTheConnection) {
  start(echo);
  Client client;
  for (int i = 0; i < 3; ++i) {
    const auto answer = client.send({Method::post, url("/a?b=c"), {}, "body"});
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->body, "POST /a?b=c body");
  }
}

TEST_F(ServerTest, HeadHasNoBodyAndPipelinedRequestsAreAnsweredInOrder) {
  start(echo);
  RawConnection raw(port_);
  raw.send(
      "GET /1 HTTP/1.1\r\nHost: x\r\n\r\nHEAD /2 HTTP/1.1\r\nHost: x\r\n\r\n"
      "GET /3 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const std::string all = raw.read();
  EXPECT_LT(all.find("GET /1"), all.find("GET /3"));
  EXPECT_EQ(all.find("HEAD /2"), std::string::npos);
}

TEST_F(ServerTest, AnnouncedBodyOverTheLimitIsRefusedUnread) {
  start(echo);
  RawConnection raw(port_);
  raw.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n");
  const std::string answer = raw.read();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(answer, HasSubstr("RequestEntityTooLarge"));
  EXPECT_THAT(answer, HasSubstr("4194304"));
  EXPECT_EQ(rejected("body_bytes"), 1);
}

TEST_F(ServerTest, EndlessChunkedBodyIsRefusedAtTheLimit) {
  Limits limits;
  limits.body_bytes_max = 100'000;
  start(echo, limits);
  RawConnection raw(port_);
  raw.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
  const std::string chunk = "4000\r\n" + std::string(0x4000, 'x') + "\r\n";
  for (int i = 0; i < 20 && raw.send(chunk); ++i) {
  }
  EXPECT_THAT(raw.read(), StartsWith("HTTP/1.1 413"));
}

TEST_F(ServerTest, SamplesMayBeLarger) {
  Limits limits;
  limits.body_bytes_max = 10;
  limits.samples_body_bytes_max = 1000;
  start(echo, limits);
  Client client;
  EXPECT_EQ(client.send({Method::post, url("/telemetry/samples?x"), {}, std::string(500, 'x')})->status, 200);
  EXPECT_EQ(client.send({Method::post, url("/telemetry"), {}, std::string(500, 'x')})->status, 413);
}

TEST_F(ServerTest, AHeadThatDripsIsTimedOut) {
  Limits limits;
  limits.head_time = std::chrono::seconds(1);
  start(echo, limits);
  RawConnection raw(port_);
  std::atomic<bool> stop{false};
  std::thread drip([&] {
    for (const char c : std::string("GET / HTTP/1.1\r\nHost: very-slow\r\n\r\n")) {
      if (stop || !raw.send({&c, 1})) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
  });
  EXPECT_THAT(raw.read(), StartsWith("HTTP/1.1 408"));
  stop = true;
  drip.join();
}

TEST_F(ServerTest, ABodyWithALongPauseIsTimedOut) {
  Limits limits;
  limits.body_gap = std::chrono::seconds(1);
  start(echo, limits);
  RawConnection raw(port_);
  raw.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc");
  EXPECT_THAT(raw.read(), StartsWith("HTTP/1.1 408"));
}

TEST_F(ServerTest, LongHeadsAndTargetsAreRefused) {
  start(echo);
  RawConnection head(port_);
  head.send("GET / HTTP/1.1\r\nHost: x\r\nCookie: " + std::string(40'000, 'x') + "\r\n\r\n");
  EXPECT_THAT(head.read(), StartsWith("HTTP/1.1 431"));
  RawConnection target(port_);
  target.send("GET /" + std::string(20'000, 'x') + " HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(target.read(), StartsWith("HTTP/1.1 414"));
  RawConnection rubbish(port_);
  rubbish.send("\x16\x03\x01 no http\r\n\r\n");
  EXPECT_THAT(rubbish.read(), StartsWith("HTTP/1.1 400"));
}

TEST_F(ServerTest, ExpectContinueIsAnsweredBeforeTheBody) {
  start(echo);
  RawConnection raw(port_);
  raw.send(
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(raw.read(200), StartsWith("HTTP/1.1 100"));
  raw.send("ok");
  EXPECT_THAT(raw.read(), HasSubstr("POST / ok"));
}

TEST_F(ServerTest, ConnectionsOverTheLimitAreClosed) {
  Limits limits;
  limits.connections_per_client_max = 5;
  start(echo, limits);
  std::vector<std::unique_ptr<RawConnection>> open;
  int answered = 0;
  for (int i = 0; i < 8; ++i) {
    open.push_back(std::make_unique<RawConnection>(port_));
    open.back()->send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    if (!open.back()->read(300).empty()) ++answered;
  }
  EXPECT_EQ(answered, 5);
  EXPECT_EQ(rejected("connections"), 3);
}

TEST_F(ServerTest, AnExceptionInAHandlerIsOurFaultNotACrash) {
  start([](const Request&) -> Response { throw std::runtime_error("boom"); });
  Client client;
  const auto answer = client.send({Method::get, url("/"), {}, ""});
  EXPECT_EQ(answer->status, 500);
  EXPECT_THAT(answer->body, HasSubstr("InternalServerError"));
}

TEST_F(ServerTest, StreamsArriveAsTheyAreWritten) {
  std::shared_ptr<BodySink> sink;
  start([&](const Request&) {
    Response out;
    out.headers.set("Content-Type", "text/event-stream");
    out.stream = [&](std::shared_ptr<BodySink> given) {
      given->write("one;");
      std::thread([given] {
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        given->write("two;");
        given->close();
      }).detach();
    };
    return out;
  });
  Client client;
  std::string all;
  const auto answer = client.stream({Method::get, url("/"), {}, ""}, [&](std::string_view chunk) {
    all += chunk;
    return true;
  });
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(all, "one;two;");
}

TEST_F(ServerTest, AFollowerThatReadsNothingIsDropped) {
  std::atomic<int> written{0};
  std::atomic<bool> dropped{false};
  start([&](const Request&) {
    Response out;
    out.stream = [&](std::shared_ptr<BodySink> sink) {
      while (sink->write(std::string(60'000, 'x')) && ++written < 2000) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
      dropped = true;
    };
    return out;
  });
  RawConnection raw(port_);
  raw.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  for (int i = 0; i < 500 && !dropped; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_TRUE(dropped);
  EXPECT_LT(written, 2000);
}

TEST_F(ServerTest, StopsWhileConnectionsAreIdleAndLetsARunningHandlerFinish) {
  std::atomic<bool> entered{false};
  start([&](const Request& request) {
    entered = true;
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    return echo(request);
  });
  RawConnection idle(port_);
  RawConnection busy(port_);
  busy.send("GET /x HTTP/1.1\r\nHost: x\r\n\r\n");
  while (!entered) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  server_->stop();
  EXPECT_THAT(busy.read(), HasSubstr("GET /x"));
  EXPECT_EQ(idle.read(), "");
}

TEST_F(ServerTest, TheClientReplacesAConnectionThatTheServerClosed) {
  Limits limits;
  limits.keep_alive = std::chrono::seconds(1);
  start(echo, limits);
  Client client;
  EXPECT_EQ(client.send({Method::get, url("/1"), {}, ""})->status, 200);
  std::this_thread::sleep_for(std::chrono::milliseconds(1200));
  const auto answer = client.send({Method::get, url("/2"), {}, ""});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->body, "GET /2 ");
}

TEST_F(ServerTest, TheClientConnectsOnlyWhereItMay) {
  start(echo);
  ClientOptions options;
  options.allow_address = [](const net::Address& address) { return !address.is_loopback(); };
  Client client(options);
  const auto answer = client.send({Method::get, url("/x"), {}, ""});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::permission_denied);
}

TEST_F(ServerTest, ACancelledRequestEndsAtOnce) {
  // The handler may outlive this body.
  const auto release = std::make_shared<std::atomic<bool>>(false);
  start([release](const Request&) {
    while (!*release) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return Response{};
  });
  Client client;
  std::thread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    client.cancel();
  });
  const auto begin = std::chrono::steady_clock::now();
  const auto answer = client.send({Method::get, url("/slow"), {}, ""});
  other.join();
  *release = true;
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::unavailable);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
  EXPECT_FALSE(client.send({Method::get, url("/x"), {}, ""}));
}

TEST(Client, SaysWhatWentWrong) {
  Client client;
  EXPECT_EQ(client.send({Method::get, "http://127.0.0.1:1/", {}, ""}).error().code, ErrorCode::unavailable);
  EXPECT_EQ(client.send({Method::get, "ftp://x/", {}, ""}).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(client.send({Method::get, "http://x:99999/", {}, ""}).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(client.send({Method::get, "http://x/\r\nEvil: 1", {}, ""}).error().code,
            ErrorCode::invalid_argument);
}

class TlsTest : public ServerTest {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / fmt::format("peering-tls-{}", ::getpid());
    std::filesystem::remove_all(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path folder_;
};

TEST_F(TlsTest, TheLocalAuthorityIsTrustedByItsFileAndByNothingElse) {
  const auto files = ensure_local_authority(folder_, {});
  ASSERT_TRUE(files) << files.error().message;
  server_.emplace(echo, Limits{}, workers_, metrics_);
  const auto bound = server_->listen({"127.0.0.1", 0}, *files);
  ASSERT_TRUE(bound) << bound.error().message;
  const std::string where = fmt::format("https://127.0.0.1:{}/x", bound->port);
  ClientOptions options;
  options.authority_file = (folder_ / "ca.pem").string();
  Client trusting(options);
  const auto answer = trusting.send({Method::get, where, {}, ""});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->body, "GET /x ");
  Client stranger;
  EXPECT_FALSE(stranger.send({Method::get, where, {}, ""}).has_value());
}

TEST_F(TlsTest, TheAuthorityStaysAndTheCertificateFollowsItsNames) {
  ASSERT_TRUE(ensure_local_authority(folder_, {}));
  const auto modified = [&](const char* name) { return std::filesystem::last_write_time(folder_ / name); };
  const auto ca = modified("ca.pem"), server = modified("server.pem");
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  ASSERT_TRUE(ensure_local_authority(folder_, {}));
  EXPECT_EQ(modified("server.pem"), server);
  const std::string names[] = {"edge.example", "192.0.2.7"};
  ASSERT_TRUE(ensure_local_authority(folder_, names));
  EXPECT_EQ(modified("ca.pem"), ca);
  EXPECT_NE(modified("server.pem"), server);
  EXPECT_EQ(std::filesystem::status(folder_ / "ca.key").permissions(), std::filesystem::perms(0600));
  EXPECT_EQ(std::filesystem::status(folder_ / "server.key").permissions(), std::filesystem::perms(0600));
}

TEST(Endpoint, ReadsHostsAndPorts) {
  EXPECT_EQ(parse_endpoint("127.0.0.1:8470")->to_string(), "127.0.0.1:8470");
  EXPECT_EQ(parse_endpoint("[::1]:0")->to_string(), "[::1]:0");
  EXPECT_TRUE(parse_endpoint("[::1]:0")->is_loopback());
  EXPECT_FALSE(parse_endpoint("0.0.0.0:1")->is_loopback());
  for (const char* text : {"", ":1", "x", "x:", "x:70000", "::1:5", "[::1:5", "x:1a"}) {
    EXPECT_FALSE(parse_endpoint(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace peering::http
