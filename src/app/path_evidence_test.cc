#include "app/path_evidence.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace peering::app {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const TimePoint walked_at = *parse_rfc3339("2026-11-23T12:30:00Z");
const net::Address router_a = *net::Address::parse("192.0.2.1");
const net::Address router_b = *net::Address::parse("192.0.2.2");
const net::Address walked_host = *net::Address::parse("203.0.113.9");

class PathEvidenceTest : public testing::Test {
 protected:
  PathEvidenceTest() {
    traced.degradation.prefix = *net::Prefix::parse("203.0.113.0/24");
    traced.degradation.pop = "AMS";
    traced.degradation.rise_us = 20'000;
    traced.destination = walked_host;
  }
  void hop(std::optional<net::Address> from, std::int64_t rtt_us = 0) {
    model::ProbeAnswer answer;
    answer.from = from;
    answer.rtt = Microseconds(rtt_us);
    traced.hops.push_back({static_cast<int>(traced.hops.size()) + 1, {answer}});
  }
  model::BlameEvidence made(std::optional<KnownWalk> before = std::nullopt) {
    return path_evidence(traced, walked_at, before, [](const net::Address& address) {
      return address == router_b ? std::optional<net::Asn>(64510) : std::nullopt;
    });
  }
  static KnownWalk earlier(std::int64_t a_us, std::int64_t b_us, std::int64_t host_us) {
    return {walked_host,
            walked_at - std::chrono::hours(1),
            {{router_a, a_us}, {router_b, b_us}, {walked_host, host_us}}};
  }
  IncidentTraces::Traced traced;
};

TEST_F(PathEvidenceTest, WithAWalkFromBeforeItSaysWhereTheDelayIsFirstSeen) {
  hop(router_a, 1000);
  hop(router_b, 26'000);
  hop(walked_host, 40'000);
  const model::BlameEvidence line = made(earlier(1100, 5000, 20'000));
  EXPECT_EQ(
      line.text,
      "traceroute from AMS at 2026-11-23T12:30:00Z: 40.0 ms after 3 hops (1: 192.0.2.1 1.0 ms, was 1.1; "
      "2: 192.0.2.2 26.0 ms, was 5.0; 3: 203.0.113.0/24 40.0 ms, was 20.0); compared with that at "
      "2026-11-23T11:30:00Z: the destination is 20.0 ms slower than before, first seen at hop 2 (192.0.2.2), "
      "while "
      "hop 1 (192.0.2.1) is as fast as before; the way back is part of these times; AS64510 announces the "
      "address "
      "of that hop");
  EXPECT_EQ(line.asn, 64510U);
  EXPECT_FALSE(line.candidate) << "it is no cause that was weighed";
  EXPECT_TRUE(is_traceroute(line));
}

TEST_F(PathEvidenceTest, WithoutOneItDoesNot) {
  hop(router_a, 1000);
  hop(std::nullopt);
  hop(walked_host, 40'000);
  const model::BlameEvidence line = made();
  EXPECT_THAT(line.text, AllOf(HasSubstr("none from before is known"), Not(HasSubstr("first seen"))));
  EXPECT_FALSE(line.asn);
  EXPECT_THAT(line.text, HasSubstr("(1: 192.0.2.1 1.0 ms; 2: *; 3: 203.0.113.0/24 40.0 ms)"));
}

TEST_F(PathEvidenceTest, APathThatIsAsFastAsBeforeAccusesNobody) {
  hop(router_a, 1000);
  hop(router_b, 90'000);
  hop(walked_host, 21'000);
  const model::BlameEvidence line = made(earlier(1000, 5000, 20'000));
  EXPECT_THAT(line.text, AllOf(HasSubstr("changed by +1.0 ms, so this path does not show the delay"),
                               Not(HasSubstr("first seen"))));
  EXPECT_FALSE(line.asn);
}

TEST_F(PathEvidenceTest, ADestinationThatIsSilentTellsNothingOfTheDelay) {
  hop(router_a, 1000);
  hop(router_b, 90'000);
  const model::BlameEvidence line = made(earlier(1000, 5000, 20'000));
  EXPECT_THAT(line.text, HasSubstr("the destination does not answer, the last that does is hop 2"));
  EXPECT_THAT(line.text, HasSubstr("cannot be told"));
}

TEST_F(PathEvidenceTest, AnotherPathIsSaid) {
  hop(*net::Address::parse("192.0.2.77"), 1000);
  hop(router_b, 26'000);
  hop(walked_host, 40'000);
  EXPECT_THAT(made(earlier(1000, 5000, 20'000)).text, HasSubstr("another path from hop 1 on"));
}

}  // namespace
}  // namespace peering::app
