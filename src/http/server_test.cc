#include "http/server.h"

#include <atomic>
#include <thread>

#include <gmock/gmock.h>

#include "http/server_for_tests.h"

namespace peering::http {
namespace {

using std::chrono::milliseconds;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST_F(ServerTest, AnswersAndKeepsTheConnection) {
  Limits limits;
  limits.connections_max = 1;
  start(echo, limits);
  Client client;
  for (int i = 0; i < 3; ++i) {
    const auto answer = client.send({Method::post, url("/a?b=c"), {}, "body"});
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->body, "POST /a?b=c body");
    EXPECT_TRUE(answer->headers.get("date"));
  }
  EXPECT_EQ(
      metrics_.counter("peering_http_requests_total", "", {{"method", "POST"}, {"code", "200"}}).value(), 3);
}

TEST_F(ServerTest, HeadHasNoBodyAndPipelinedRequestsAreAnsweredInOrder) {
  start(echo);
  const std::string all = answer_to(
      "GET /1 HTTP/1.1\r\nHost: x\r\n\r\nHEAD /2 HTTP/1.1\r\nHost: x\r\n\r\n"
      "POST /3 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
      "GET /4 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_LT(all.find("GET /1"), all.find("POST /3 abc"));
  EXPECT_LT(all.find("POST /3 abc"), all.find("GET /4"));
  EXPECT_NE(all.find("GET /4"), std::string::npos);
  EXPECT_THAT(all, AllOf(Not(HasSubstr("HEAD /2")), HasSubstr("Content-Length: 8\r\n")));
}

TEST_F(ServerTest, AHundredPipelinedRequestsInOddPiecesGetAHundredAnswers) {
  start(echo);
  std::string all;
  for (int i = 0; i < 100; ++i) all += fmt::format("GET /{:03} HTTP/1.1\r\nHost: x\r\n\r\n", i);
  RawConnection raw(port_);
  for (std::size_t at = 0; at < all.size(); at += 37) raw.send(std::string_view(all).substr(at, 37));
  const std::string answers = raw.read(300);
  std::size_t last = 0;
  for (int i = 0; i < 100; ++i) {
    const std::size_t at = answers.find(fmt::format("GET /{:03}", i));
    ASSERT_NE(at, std::string::npos) << i;
    EXPECT_GE(at, last);
    last = at;
  }
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

TEST_F(ServerTest, OldClientsAndEmptyBodiesGetNoContinue) {
  start(echo);
  for (const char* request :
       {"POST / HTTP/1.0\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\nok",
        "GET / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"}) {
    EXPECT_THAT(answer_to(request), AllOf(HasSubstr(" 200 OK\r\n"), Not(HasSubstr(" 100 ")))) << request;
  }
}

TEST_F(ServerTest, OneEmptyLineBeforeARequestIsIgnored) {
  start(echo);
  RawConnection raw(port_);
  raw.send("\r\nPOST /1 HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nok\r\n");
  EXPECT_THAT(raw.read(200), EndsWith("POST /1 ok"));
  raw.send("GET /2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(raw.read(), EndsWith("GET /2 "));
  EXPECT_THAT(answer_to("\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"), StartsWith("HTTP/1.1 400"));
}

TEST_F(ServerTest, TrailersAreNoFieldsOfTheHead) {
  start([](const Request& request) {
    Response out;
    out.body = fmt::format("token: {}, body: {}", request.headers.get("Authorization").value_or("none"),
                           request.body);
    return out;
  });
  EXPECT_THAT(
      answer_to("POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
                "2\r\nok\r\n0\r\nAuthorization: Bearer x\r\n\r\n"),
      EndsWith("token: none, body: ok"));
}

TEST_F(ServerTest, TheHandlerKnowsTheMethodAsItWasSent) {
  start([](const Request& request) {
    Response out;
    out.body = std::string(to_string(request.method)) + " " + request.verb;
    return out;
  });
  EXPECT_THAT(answer_to("PROPFIND / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
              EndsWith("OTHER PROPFIND"));
  EXPECT_THAT(answer_to("BREW / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"), EndsWith("OTHER BREW"));
}

TEST_F(ServerTest, WhatIsNoRequestIsTold) {
  start(echo);
  const std::string requests[] = {
      "\x16\x03\x01 no http\r\n\r\n",
      "GET / HTTP/1.1\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
      "GET / HTTP/1.1\r\nHost : x\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
      "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2, 2\r\n\r\nab",
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcd",
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: "
      "x\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
  };
  for (const std::string& request : requests) {
    const std::string answer = answer_to(request);
    EXPECT_THAT(answer, AllOf(StartsWith("HTTP/1.1 400"), HasSubstr(R"("code":"BadRequest")"),
                              HasSubstr("Connection: close"), Not(HasSubstr("smuggled"))))
        << request;
  }
  EXPECT_EQ(rejected("malformed"), std::size(requests));
}

TEST_F(ServerTest, ARequestThatBreaksOffIsForgotten) {
  start(echo);
  {
    RawConnection(port_).send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc");
  }
  for (int i = 0; i < 300 && connections() > 0; ++i) std::this_thread::sleep_for(milliseconds(5));
  EXPECT_EQ(connections(), 0);
}

TEST_F(ServerTest, TargetsWithSchemeAndHostLoseThem) {
  start(echo);
  EXPECT_THAT(answer_to("GET http://x/a?b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
              EndsWith("GET /a?b "));
  EXPECT_THAT(answer_to("GET http://x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"), EndsWith("GET / "));
}

TEST_F(ServerTest, OldClientsAreClosedUnlessTheyAskToStay) {
  start(echo);
  EXPECT_THAT(answer_to("GET /x HTTP/1.0\r\n\r\n"), AllOf(StartsWith("HTTP/1.0 200"), EndsWith("GET /x ")));
  RawConnection staying(port_);
  staying.send("GET /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_THAT(staying.read(100), HasSubstr("Connection: keep-alive"));
  EXPECT_FALSE(staying.is_closed(50));
}

TEST_F(ServerTest, AHandlerCannotBreakTheProtocol) {
  start([](const Request& request) {
    Response out;
    if (request.target == "/204") {
      out.status = 204;
      out.body = "nobody may send this";
    } else {
      out.headers.set("Location", "/a\r\nEvil: 1");
    }
    return out;
  });
  EXPECT_THAT(answer_to("GET /204 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
              AllOf(StartsWith("HTTP/1.1 204"), EndsWith("\r\n\r\n")));
  EXPECT_THAT(answer_to("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
              HasSubstr("Location: /a  Evil: 1\r\n"));
}

TEST_F(ServerTest, AnExceptionInAHandlerIsOurFaultNotACrash) {
  start([](const Request& request) -> Response {
    if (request.target == "/odd") throw 42;
    throw std::runtime_error("expected in this test");
  });
  Client client;
  for (const char* path : {"/", "/odd"}) {
    const auto answer = client.send({Method::get, url(path), {}, ""});
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->status, 500);
    EXPECT_THAT(answer->body, HasSubstr("InternalServerError"));
  }
}

TEST_F(ServerTest, LargeBodiesComeBackWhole) {
  start([](const Request& request) {
    Response out;
    out.body = request.body;
    return out;
  });
  std::string body;
  for (int i = 0; body.size() < 4'000'000; ++i) body += std::to_string(i);
  Client client;
  const auto answer = client.send({Method::put, url("/"), {}, body});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_TRUE(answer->body == body);
}

TEST_F(ServerTest, StopsWhileConnectionsAreIdleAndLetsARunningHandlerFinish) {
  std::atomic<bool> entered{false};
  start([&](const Request& request) {
    entered = true;
    std::this_thread::sleep_for(milliseconds(200));
    return echo(request);
  });
  RawConnection idle(port_), in_head(port_), in_body(port_), busy(port_);
  in_head.send("GET / HT");
  in_body.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc");
  busy.send("GET /x HTTP/1.1\r\nHost: x\r\n\r\n");
  while (!entered) std::this_thread::sleep_for(milliseconds(5));
  const auto begin = std::chrono::steady_clock::now();
  server_->stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, milliseconds(2000));
  EXPECT_THAT(busy.read(), AllOf(HasSubstr("GET /x"), HasSubstr("Connection: close")));
  EXPECT_EQ(idle.read(), "");
  EXPECT_TRUE(in_head.is_closed());
  EXPECT_TRUE(in_body.is_closed());
  EXPECT_FALSE(server_->listen({"127.0.0.1", 0}, std::nullopt).has_value());
  server_->stop();
}

TEST_F(ServerTest, AHandlerMayOutliveItsServer) {
  std::atomic<bool> entered{false}, release{false};
  Limits limits;
  limits.stop_time = milliseconds(50);
  start(
      [&](const Request&) {
        entered = true;
        while (!release) std::this_thread::sleep_for(milliseconds(1));
        return Response{};
      },
      limits);
  RawConnection raw(port_);
  raw.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  while (!entered) std::this_thread::sleep_for(milliseconds(1));
  server_.reset();
  release = true;
  workers_.stop();
  EXPECT_TRUE(raw.is_closed());
}

TEST_F(ServerTest, ManyClientsAtOnceAreServedUntilTheServerStops) {
  start(echo);
  std::atomic<int> answered{0}, wrong{0};
  std::atomic<bool> stop{false};
  std::vector<std::thread> clients;
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&, i] {
      Client client;
      const std::string path = fmt::format("/{}", i), expected = fmt::format("GET /{} ", i);
      while (!stop) {
        const auto answer = client.send({Method::get, url(path), {}, ""});
        if (!answer) break;
        ++(answer->body == expected ? answered : wrong);
      }
    });
  }
  while (answered < 200) std::this_thread::sleep_for(milliseconds(1));
  server_->stop();
  stop = true;
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(wrong, 0);
}

TEST_F(ServerTest, AnAddressInUseIsTold) {
  start(echo);
  const auto again = server_->listen({"127.0.0.1", port_}, std::nullopt);
  ASSERT_FALSE(again.has_value());
  EXPECT_EQ(again.error().code, ErrorCode::io);
  EXPECT_THAT(again.error().message, HasSubstr(fmt::format("127.0.0.1:{}", port_)));
}

TEST(Headers, CompareNamesWithoutCase) {
  Headers headers;
  headers.add("Set-Cookie", "a");
  headers.add("set-cookie", "b");
  EXPECT_EQ(headers.get("SET-COOKIE"), "a");
  EXPECT_EQ(headers.all().size(), 2U);
  headers.set("sEt-cOOkie", "c");
  EXPECT_EQ(headers.all().size(), 1U);
  EXPECT_FALSE(headers.get("Set-Cookies").has_value());
}

TEST(Endpoint, ReadsHostsAndPorts) {
  EXPECT_EQ(parse_endpoint("127.0.0.1:8470")->to_string(), "127.0.0.1:8470");
  EXPECT_EQ(parse_endpoint("[::1]:0")->to_string(), "[::1]:0");
  EXPECT_TRUE(parse_endpoint("[::1]:0")->is_loopback());
  EXPECT_TRUE(parse_endpoint("localhost:80")->is_loopback());
  EXPECT_FALSE(parse_endpoint("0.0.0.0:1")->is_loopback());
  for (const char* text : {"", ":1", "x", "x:", "x:70000", "::1:5", "[::1:5", "[]:1", "x:1a", "x:-1"}) {
    EXPECT_FALSE(parse_endpoint(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace peering::http
