// The whole command line against a real HTTP server whose answers are written down here; the daemon itself is
// tested in tests/system.
#include "cli/session.h"

#include <fstream>
#include <map>
#include <mutex>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "cli/registration.h"
#include "http/server.h"

namespace peering::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::string_view subscription = "11111111-1111-1111-1111-111111111111";

struct Ran {
  int code = 0;
  std::string out, err;
};

http::Response answer(int status, std::string body) {
  http::Response out;
  out.status = status;
  out.body = std::move(body);
  return out;
}

class CommandLine : public ::testing::Test {
 protected:
  CommandLine() {
    server_ = std::make_unique<http::Server>([this](const http::Request& request) { return handle(request); },
                                             http::Limits{}, workers_, metrics_);
    endpoint_ = "http://" + server_->listen({"127.0.0.1", 0}, std::nullopt).value().to_string();
  }
  ~CommandLine() override {
    server_->stop();
    workers_.stop();
  }

  Ran run(std::vector<std::string> words, bool terminal = false) {
    std::ostringstream out, err;
    const auto environment = [&](std::string_view name) -> std::optional<std::string> {
      if (name == "PEERING_ENDPOINT") return endpoint_;
      if (name == "PEERING_TOKEN") return "secret";
      if (name == "PEERING_SUBSCRIPTION") return std::string(subscription);
      if (name == "NO_COLOR") return "1";
      return std::nullopt;
    };
    const ExitCode code = cli::run(words, environment, terminal, out, err);
    return {static_cast<int>(code), out.str(), err.str()};
  }

  std::vector<std::string> requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  std::vector<std::string> sent(const std::string& header) {
    const std::lock_guard lock(mutex_);
    return headers_[header];
  }
  void script(std::vector<http::Response> answers) {
    const std::lock_guard lock(mutex_);
    answers_ = std::move(answers);
  }

 private:
  // Gives the next answer, the last one again and again.
  http::Response handle(const http::Request& request) {
    const std::lock_guard lock(mutex_);
    std::string line = std::string(to_string(request.method)) + " " + request.target;
    if (!request.body.empty()) line += " " + request.body;
    for (const char* name : {"Authorization", "Idempotency-Key", "Last-Event-ID"}) {
      if (const auto value = request.headers.get(name)) headers_[name].push_back(std::string(*value));
    }
    requests_.push_back(std::move(line));
    http::Response out = answers_.at(std::min(next_, answers_.size() - 1));
    ++next_;
    for (std::size_t at = out.body.find("ENDPOINT"); at != std::string::npos;
         at = out.body.find("ENDPOINT")) {
      out.body.replace(at, 8, endpoint_);
    }
    return out;
  }

  std::mutex mutex_;
  std::vector<std::string> requests_;
  std::vector<http::Response> answers_;
  std::size_t next_ = 0;
  Metrics metrics_;
  runtime::WorkerPool workers_{2, 16};
  std::unique_ptr<http::Server> server_;
  std::map<std::string, std::vector<std::string>> headers_;

 protected:
  std::string endpoint_;
};

TEST_F(CommandLine, CreatesAConnectionAsAzureDoes) {
  script({answer(
      201, R"({"name":"office","location":"westeurope","properties":{"provisioningState":"Succeeded"}})")});
  const Ran ran =
      run({"service", "create", "-g", "net", "-n", "office", "-l", "westeurope", "--peering-service-location",
           "Noord-Holland", "--peering-service-provider", "Colt", "--tags", "team=network", "-o", "json"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(
      requests(),
      ElementsAre("PUT /subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/net/providers/"
                  "Microsoft.Peering/peeringServices/office?api-version=2025-05-01 "
                  R"({"location":"westeurope","properties":{"peeringServiceLocation":"Noord-Holland",)"
                  R"("peeringServiceProvider":"Colt"},"tags":{"team":"network"}})"));
  EXPECT_EQ(find_string(parse_json(ran.out).value(), "name"), "office");
  EXPECT_THAT(sent("Authorization"), ElementsAre("Bearer secret"));
}

TEST_F(CommandLine, TakesTheRegionOfTheGroupWhenNoneIsGiven) {
  script({answer(200, R"({"name":"net","location":"uksouth"})"), answer(200, R"({"name":"office"})")});
  EXPECT_EQ(run({"service", "create", "-g", "net", "-n", "office"}).code, 0);
  ASSERT_EQ(requests().size(), 2U);
  EXPECT_THAT(requests()[1], HasSubstr(R"("location":"uksouth")"));
}

TEST_F(CommandLine, FollowsEveryPageOfAList) {
  script({answer(200, R"({"value":[{"name":"a"}],"nextLink":"ENDPOINT/more?page=2"})"),
          answer(200, R"({"value":[{"name":"b"}],"nextLink":"http://elsewhere.example/more?page=3"})"),
          answer(200, R"({"value":[{"name":"c"}]})")});
  const Ran ran = run({"service", "list", "-o", "tsv"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "a\t\t\t\t\t\t\nb\t\t\t\t\t\t\nc\t\t\t\t\t\t\n");
  ASSERT_EQ(requests().size(), 3U);
  EXPECT_EQ(requests()[1], "GET /more?page=2");
  EXPECT_EQ(requests()[2], "GET /more?page=3") << "asked of the same server: the token goes nowhere else";
}

TEST_F(CommandLine, ExitCodesAndMessagesComeFromTheServer) {
  script({answer(404,
                 R"({"error":{"code":"ResourceNotFound","message":"The Resource 'none' was not found."}})")});
  const Ran ran = run({"service", "show", "-g", "net", "-n", "none"});
  EXPECT_EQ(ran.code, 3);
  EXPECT_EQ(ran.out, "");
  EXPECT_THAT(ran.err, HasSubstr("ResourceNotFound: The Resource 'none' was not found."));
  script({answer(409, R"({"error":{"code":"Conflict","message":"x"}})")});
  EXPECT_EQ(run({"asn", "create", "-n", "a", "--peer-asn", "1"}).code, 4);
  script({answer(403, R"({"error":{"code":"AuthorizationFailed","message":"x"}})")});
  EXPECT_EQ(run({"token", "list"}).code, 5);
}

TEST_F(CommandLine, AServerThatIsAwayIsNamed) {
  const Ran ran = run({"status", "--endpoint", "http://127.0.0.1:1"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.err, HasSubstr("http://127.0.0.1:1"));
}

TEST_F(CommandLine, ANewTokenIsPrintedBareOrAsJson) {
  script({answer(201, R"({"id":"7","token":"pt_7_x","role":"Reader","scope":"/","expires":null})")});
  EXPECT_EQ(run({"token", "create", "--role", "Reader", "--scope", "/"}).out, "pt_7_x\n");
  EXPECT_EQ(run({"token", "create", "--role", "Reader", "--scope", "/", "-o", "table"}, true).out,
            "pt_7_x\n");
  const auto made =
      parse_json(run({"token", "create", "--role", "Reader", "--scope", "/", "-o", "json"}).out);
  EXPECT_EQ(find_string(made.value(), "token"), "pt_7_x");
}

TEST_F(CommandLine, DeletingNothingIsSaidAndNoFailure) {
  script({answer(204, "")});
  const Ran ran = run({"service", "delete", "-g", "net", "-n", "office", "--yes"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_THAT(ran.err, HasSubstr("nothing to delete"));
}

TEST_F(CommandLine, SetsWhatIsExpectedOfAPrefix) {
  script({answer(200, R"({"properties":{"prefix":"203.0.113.0/24","asn":[64500]}})")});
  const Ran ran =
      run({"monitoring", "set", "-g", "net", "-n", "office", "--prefix-name", "lan", "--asn", "64500",
           "64510-64519", "--backup-upstream", "64499", "--ignore-more-specifics", "true"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(
      requests().at(0),
      HasSubstr("PATCH /subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/net/providers/"
                "Microsoft.Peering/peeringServices/office/prefixes/lan/providers/Open.Peering/monitoring/"
                "default?api-version=2026-11-01"));
  EXPECT_THAT(requests()[0], HasSubstr(R"({"properties":{"asn":[64500,{"from":64510,"to":64519}],)"
                                       R"("backup_upstreams":[64499],"ignoreMorespecifics":true}})"));
  EXPECT_EQ(
      run({"monitoring", "set", "-g", "net", "-n", "office", "--prefix-name", "lan", "--asn", "x"}).code, 2);
  EXPECT_EQ(run({"monitoring", "set", "-g", "net", "-n", "office", "--prefix-name", "lan"}).code, 2);
}

TEST_F(CommandLine, WatchesAsesForAConnection) {
  const std::string two =
      R"({"properties":{"alerts":{},"asns":[{"asn":64500,"upstreams":[64496]},{"asn":64501,"group":"b"}]}})";
  const std::vector<std::string> which = {"-g", "net", "-n", "office", "--asn"};
  const auto with = [&](std::vector<std::string> words, std::vector<std::string> rest) {
    words.insert(words.end(), which.begin(), which.end());
    words.insert(words.end(), rest.begin(), rest.end());
    return words;
  };
  script({answer(200, two), answer(200, two), answer(200, two), answer(200, two), answer(200, two)});
  const Ran set =
      run(with({"monitoring", "asn", "set"}, {"64500", "--upstream", "64497", "--downstream", "none"}));
  EXPECT_EQ(set.code, 0) << set.err;
  EXPECT_THAT(requests().at(1),
              HasSubstr(R"({"properties":{"asns":[{"asn":64500,"upstreams":[64497],"downstreams":[]},)"
                        R"({"asn":64501,"group":"b"}]}})"));
  EXPECT_EQ(run(with({"monitoring", "asn", "delete"}, {"64501", "--group", "b"})).code, 0);
  EXPECT_THAT(requests().at(3), HasSubstr(R"({"properties":{"asns":[{"asn":64500,"upstreams":[64496]}]}})"));
  EXPECT_THAT(run({"monitoring", "asn", "list", "-g", "net", "-n", "office"}, true).out, HasSubstr("64501"));
  EXPECT_EQ(run(with({"monitoring", "asn", "set"}, {"x"})).code, 2);
}

TEST_F(CommandLine, FiltersEventsOnTheServer) {
  script({answer(200, R"({"value":[{"firstSeen":"2026-11-25T10:00:00Z","eventLevel":"Critical",
                         "kind":"origin-hijack","state":"open","observedPrefix":"203.0.113.0/24",
                         "originAsn":64666,"eventSummary":"s"}]})")});
  const Ran ran =
      run({"event", "list", "-g", "net", "-n", "office", "--level", "Critical", "--state", "open"}, true);
  EXPECT_EQ(ran.out,
            "First seen           Level     Kind           State  Prefix          Origin  Summary\n"
            "2026-11-25 10:00:00  Critical  origin-hijack  open   203.0.113.0/24   64666  s\n");
  EXPECT_THAT(requests().at(0),
              HasSubstr("%24filter=level%20eq%20%27Critical%27%20and%20state%20eq%20%27open%27"));
}

http::Response stream_of(std::string text) {
  http::Response out;
  out.headers.set("Content-Type", "text/event-stream");
  out.stream = [text](const std::shared_ptr<http::BodySink>& sink) {
    sink->write(text);
    sink->close();
  };
  return out;
}

TEST_F(CommandLine, FollowsEventsOverABrokenStream) {
  script({stream_of("id: 1\ndata: {\"kind\":\"announcement\"}\n\n"),
          stream_of("id: 2\ndata: {\"kind\":\"withdrawal\"}\n\nid: 3\ndata: {\"kind\":\"unwanted\"}\n\n")});
  const Ran ran = run({"event", "follow", "-g", "net", "-n", "office", "--count", "2"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "{\"kind\":\"announcement\"}\n{\"kind\":\"withdrawal\"}\n");
  EXPECT_THAT(sent("Last-Event-ID"), ElementsAre("1"));
}

TEST_F(CommandLine, AFollowerThatIsRefusedSaysWhy) {
  script({answer(403, R"({"error":{"code":"AuthorizationFailed","message":"not yours"}})")});
  const Ran ran = run({"event", "follow", "-g", "net", "-n", "office"});
  EXPECT_EQ(ran.code, 5);
  EXPECT_THAT(ran.err, HasSubstr("not yours"));
}

TEST_F(CommandLine, ShowsRoutesOfAnyPrefix) {
  script({answer(200, R"({"routes":[{"prefix":"203.0.113.0/24","relation":"exact","peer":{"router":"edge-1",)"
                      R"("asn":64496},"asPath":"64496 64500"}],"truncated":true})")});
  const Ran ran = run({"route", "show", "203.0.113.0/24", "--peer", "192.0.2.1", "--covering",
                       "--more-specific", "--top", "1", "-o", "tsv"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(requests(), ElementsAre("GET /providers/Open.Peering/routes?api-version=2026-11-01&prefix="
                                      "203.0.113.0%2F24&relation=exact%2Ccovering%2CmoreSpecific&peer="
                                      "192.0.2.1&top=1"));
  EXPECT_THAT(ran.out, HasSubstr("203.0.113.0/24\texact\t\tedge-1\t\t64496\t64496 64500"));
  EXPECT_THAT(ran.err, HasSubstr("more routes than these 1"));
}

TEST_F(CommandLine, APrefixWithoutRoutesIsNotFound) {
  script({answer(200, R"({"routes":[]})")});
  for (const char* format : {"table", "json", "tsv", "yaml"}) {
    const Ran ran = run({"route", "show", "198.51.100.1", "-o", format});
    EXPECT_EQ(ran.code, 3) << format;
    EXPECT_THAT(ran.err, HasSubstr("there is no such route for '198.51.100.1'")) << format;
  }
  EXPECT_THAT(requests().at(0), HasSubstr("prefix=198.51.100.1&relation=exact"));
  EXPECT_EQ(run({"route", "show", "-g", "net", "-n", "office"}).code, 0)
      << "what is registered may have none";
}

TEST_F(CommandLine, RoutesAreShownOfNamesOrOfAPrefixNotOfBoth) {
  script({answer(200, R"({"routes":[]})")});
  const Ran both = run({"route", "show", "198.51.100.0/24", "-g", "net"});
  EXPECT_EQ(both.code, 2);
  EXPECT_THAT(both.err, HasSubstr("--resource-group"));
  const Ran neither = run({"route", "show", "-g", "net", "-n", "office", "--covering"});
  EXPECT_EQ(neither.code, 2);
  EXPECT_THAT(neither.err, HasSubstr("--covering needs a prefix or address"));
  EXPECT_THAT(requests(), ::testing::IsEmpty());
}

TEST_F(CommandLine, ImportsSamplesOnceHoweverOftenItMustTry) {
  http::Response busy = answer(503, R"({"error":{"code":"ServiceUnavailable","message":"later"}})");
  busy.headers.set("Retry-After", "0");
  script(
      {busy,
       answer(202, R"({"accepted":2,"rejected":1,"unmatched":1,"errors":[{"index":1,"field":"rtt_us"}]})")});
  const std::string path = ::testing::TempDir() + "samples-" + std::to_string(getpid()) + ".ndjson";
  std::ofstream(path) << "{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n";
  const Ran ran = run({"latency", "import", path, "-o", "json"});
  ::unlink(path.c_str());
  EXPECT_EQ(ran.code, 0) << ran.err;
  const json::value out = parse_json(ran.out).value();
  EXPECT_EQ(out.at("accepted"), 2);
  EXPECT_EQ(out.at("rejected"), 1);
  const std::vector<std::string> keys = sent("Idempotency-Key");
  ASSERT_EQ(keys.size(), 2U);
  EXPECT_EQ(keys[0], keys[1]);
  EXPECT_EQ(requests().at(0), "POST /telemetry/samples {\"a\":1}\n{\"a\":2}\n{\"a\":3}\n");
}

TEST_F(CommandLine, RegistersTheSimulationsCustomers) {
  script({answer(201, "{}")});
  const sim::World world = sim::make_world({1, 2, 0});
  ApiClient api(endpoint_, "secret", "");
  const auto ids =
      register_world(api, world, {std::string(subscription), "demo", "http://127.0.0.1:9/", "s3cret"});
  ASSERT_TRUE(ids);
  EXPECT_EQ(ids->size(), 2U);
  const std::vector<std::string> asked = requests();
  EXPECT_EQ(asked.size(), 3U + 2 * 2 + 2 * 4U)
      << "subscription, group, channel; services, opt-ins; prefixes twice";
  EXPECT_THAT(asked.at(2), HasSubstr("s3cret"));
  EXPECT_THAT(asked.at(5), HasSubstr(R"({"properties":{"asn":[300500],"upstreams":[300010,300011])"));
  script({answer(403, R"({"error":{"code":"AuthorizationFailed","message":"no"}})")});
  const auto refused = register_world(api, world, {std::string(subscription), "demo", "", ""});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ExitCode::not_permitted);
}

TEST_F(CommandLine, SaysWhenTheServerIsNotReady) {
  script(
      {answer(200, R"({"status":"alive"})"), answer(503, R"({"status":"not ready","notReady":["stores"]})")});
  const Ran ran = run({"status", "-o", "table"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.out, HasSubstr("Waits for  stores"));
}

}  // namespace
}  // namespace peering::cli
