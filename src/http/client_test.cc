#include "http/client.h"

#include <atomic>
#include <thread>

#include <gmock/gmock.h>

#include "http/server_for_tests.h"

namespace peering::http {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

constexpr const char* ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

std::string url_of(const ScriptedServer& server) {
  return fmt::format("http://127.0.0.1:{}/", server.port());
}

TEST_F(ServerTest, TheClientReplacesAConnectionThatTheServerClosed) {
  Limits limits;
  limits.keep_alive = milliseconds(50);
  start(echo, limits);
  Client client;
  EXPECT_EQ(client.send({Method::get, url("/1"), {}, ""})->status, 200);
  std::this_thread::sleep_for(milliseconds(200));
  // A POST too: that the connection was closed is seen before anything is sent.
  const auto answer = client.send({Method::post, url("/2"), {}, "x"});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->body, "POST /2 x");
}

TEST(Client, SendsAgainWhatMayBeRepeatedWhenTheServerClosesMeanwhile) {
  const ScriptedServer server({{ok}, {ok}});
  Client client;
  EXPECT_EQ(client.send({Method::get, url_of(server), {}, ""})->body, "ok");
  const auto answer = client.send({Method::get, url_of(server), {}, ""});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(server.requests(), 3);
}

TEST(Client, DoesNotRepeatAPostUnlessItsKeyMakesThatHarmless) {
  const ScriptedServer server({{ok}, {ok}, {ok}});
  Client client;
  EXPECT_TRUE(client.send({Method::get, url_of(server), {}, ""}));
  const auto lost = client.send({Method::post, url_of(server), {}, ""});
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().code, ErrorCode::unavailable);
  EXPECT_EQ(server.requests(), 2);
  EXPECT_TRUE(client.send({Method::get, url_of(server), {}, ""}));
  ClientRequest keyed{Method::post, url_of(server), {}, ""};
  keyed.headers.set("Idempotency-Key", "k");
  EXPECT_TRUE(client.send(keyed));
  EXPECT_EQ(server.requests(), 5);
}

TEST(Client, PassesOverInterimResponses) {
  const ScriptedServer server({{"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + std::string(ok)}});
  Client client;
  const auto answer = client.send({Method::get, url_of(server), {}, ""});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, "ok");
}

TEST(Client, BoundsWhatItReads) {
  const ScriptedServer server({{"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\nxx"},
                               {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n" +
                                std::string(255, 'x') + "\r\n0\r\n\r\n"}});
  ClientOptions options;
  options.response_bytes_max = 100;
  Client client(options);
  for (int i = 0; i < 2; ++i) {
    const auto answer = client.send({Method::get, url_of(server), {}, ""});
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, ErrorCode::limit_exceeded) << answer.error().message;
  }
}

TEST(Client, DoesNotWaitForEver) {
  const ScriptedServer server({{""}, {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab"}});
  ClientOptions options;
  options.response_timeout = milliseconds(100);
  Client client(options);
  for (int i = 0; i < 2; ++i) {
    const auto answer = client.send({Method::get, url_of(server), {}, ""});
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, ErrorCode::timeout) << answer.error().message;
  }
}

TEST(Client, ABodyThatBreaksOffIsAnError) {
  const ScriptedServer server({{"rubbish\r\n\r\n"}});
  Client client;
  const auto answer = client.send({Method::get, url_of(server), {}, ""});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::unavailable);
}

TEST_F(ServerTest, TheClientConnectsOnlyWhereItMay) {
  start(echo);
  ClientOptions options;
  options.allow_address = [](const net::Address& address) { return !address.is_loopback(); };
  Client client(options);
  for (const char* host : {"127.0.0.1", "[::ffff:127.0.0.1]", "localhost"}) {
    const auto answer = client.send({Method::get, fmt::format("http://{}:{}/", host, port_), {}, ""});
    ASSERT_FALSE(answer) << host;
    EXPECT_EQ(answer.error().code, ErrorCode::permission_denied) << answer.error().message;
  }
}

TEST_F(ServerTest, ACancelledRequestEndsAtOnce) {
  std::atomic<bool> release{false};
  start([&](const Request&) {
    while (!release) std::this_thread::sleep_for(milliseconds(1));
    return Response{};
  });
  Client client;
  std::thread other([&] {
    std::this_thread::sleep_for(milliseconds(50));
    client.cancel();
  });
  const auto begin = std::chrono::steady_clock::now();
  const auto answer = client.send({Method::get, url("/slow"), {}, ""});
  other.join();
  release = true;
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::unavailable);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
  EXPECT_FALSE(client.send({Method::get, url("/x"), {}, ""}));
  server_.reset();
}

TEST_F(ServerTest, TheClientSendsEveryField) {
  start([](const Request& request) {
    Response out;
    for (const auto& [name, value] : request.headers.all()) out.body += name + "=" + value + ";";
    return out;
  });
  ClientRequest request{Method::get, url("/"), {}, ""};
  request.headers.add("X-Many", "1");
  request.headers.add("X-Many", "2");
  request.headers.set("user-agent", "mine");
  Client client;
  const auto answer = client.send(request);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_THAT(answer->body, HasSubstr(fmt::format("Host=127.0.0.1:{};", port_)));
  EXPECT_THAT(answer->body, HasSubstr("X-Many=1;X-Many=2;"));
  EXPECT_THAT(answer->body, HasSubstr("user-agent=mine;"));
  EXPECT_THAT(answer->body, testing::Not(HasSubstr("peering")));
}

TEST(Client, SaysWhatWentWrong) {
  Client client;
  EXPECT_EQ(client.send({Method::get, "http://127.0.0.1:1/", {}, ""}).error().code, ErrorCode::unavailable);
  for (const char* url :
       {"ftp://x/", "http://x:99999/", "http://x:/", "http:///", "http://a@x/", "http://x/\r\nEvil: 1"}) {
    EXPECT_EQ(client.send({Method::get, url, {}, ""}).error().code, ErrorCode::invalid_argument) << url;
  }
  for (const auto& [name, value] :
       {std::pair("X", "a\r\nEvil: 1"), std::pair("X: y", "z"), std::pair("", "z")}) {
    ClientRequest request{Method::get, "http://127.0.0.1:1/", {}, ""};
    request.headers.set(name, value);
    EXPECT_EQ(client.send(request).error().code, ErrorCode::invalid_argument) << name;
  }
}

}  // namespace
}  // namespace peering::http
