// Degradations as events: told once, in sample time, whatever comes late and whenever the server stops.
#include "app/latency_judging.h"

#include <algorithm>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/path_evidence.h"
#include "store/memory/telemetry_store.h"

namespace peering::app {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const std::string prefix_key = "/subscriptions/s/svc/prefixes/p";

class LatencyOfAPrefix : public testing::Test {
 protected:
  LatencyOfAPrefix() {
    model::RegisteredPrefix prefix;
    prefix.resource = "/subscriptions/S/Svc/prefixes/P";
    prefix.connection = "/subscriptions/S/Svc";
    prefix.expectation.prefix = *net::Prefix::parse("203.0.113.0/24");
    registry->prefixes[prefix_key] = std::make_shared<const model::RegisteredPrefix>(prefix);
    restart();
  }

  void restart() {
    judging = std::make_unique<LatencyJudging>(
        LatencyJudging::Services{
            .bins = [this](const latency::BinQuery& query) { return bins_of(query); },
            .events = [this](const store::EventQuery& query) { return events->events(query); },
            .registry = [this] { return std::make_shared<const model::Registry>(*registry); },
            .emit =
                [this](std::vector<model::Event> told) {
                  versions.insert(versions.end(), told.begin(), told.end());
                  if (!lose) {
                    ASSERT_TRUE(events->append({told, {}, {}}));
                  }
                },
            .routes = [this](const net::Prefix&) { return Result<std::vector<rib::Route>>(routes); },
            .settings = {},
            .follow_open = [this](std::vector<OpenDegradation> list) { followed = std::move(list); }},
        metrics);
  }

  Result<std::vector<latency::SeriesBin>> bins_of(const latency::BinQuery& query) const {
    if (broken) return fail(ErrorCode::io, "the disk is gone");
    std::vector<latency::SeriesBin> out;
    for (auto each = bins.lower_bound({query.from, ""}); each != bins.end() && each->first.first < query.to;
         ++each) {
      out.push_back(each->second);
    }
    return out;
  }

  // Samples in every bin from `from` on, so many minutes long.
  void store(TimePoint from, Microseconds length, std::uint32_t rtt_us, const std::string& pop = "AMS",
             int samples = 40) {
    model::SketchBatch added;
    for (TimePoint at = from; at < from + length; at += latency::bin_width) {
      latency::SeriesBin bin{model::SeriesKey{prefix_key, *net::Prefix::parse("203.0.113.0/24"), pop,
                                              model::SampleKind::srtt, "edge-1"},
                             at,
                             {}};
      for (int i = 0; i < samples; ++i) bin.sketch.add(rtt_us + static_cast<std::uint32_t>(i % 5) * 100);
      bins[{at, pop}] = bin;
      added.add(*bin.series, bin.start, {});
    }
    judging->touched(added, now);
  }
  void history() { store(now - days(16), days(16) - hours(4), 30'000); }
  void pass(Microseconds time) {
    now += time;
    judging->round(now);
  }
  std::vector<std::string> told() const {
    std::vector<std::string> out;
    for (const model::Event& each : versions) {
      out.push_back(fmt::format("{} {} {}", each.type, model::to_string(each.state),
                                format_rfc3339(each.first_seen).substr(11, 5)));
    }
    return out;
  }
  std::vector<model::Event> stored() { return events->events({}).value().events; }

  Metrics metrics;
  std::shared_ptr<model::Registry> registry = std::make_shared<model::Registry>();
  std::map<std::pair<TimePoint, std::string>, latency::SeriesBin> bins;
  std::unique_ptr<store::TelemetryStore> events = store::make_memory_telemetry_store();
  std::vector<rib::Route> routes;
  std::vector<model::Event> versions;
  std::vector<OpenDegradation> followed;
  std::unique_ptr<LatencyJudging> judging;
  TimePoint now = *parse_rfc3339("2026-11-23T14:00:30Z");
  const TimePoint ten = *parse_rfc3339("2026-11-23T10:00:00Z");
  bool broken = false, lose = false;
};

TEST_F(LatencyOfAPrefix, ThatIsDegradedHasItsTracerouteBesideItsBlameForEver) {
  history();
  store(ten, hours(1), 45'000);
  pass(seconds(4));
  ASSERT_THAT(followed, SizeIs(1));
  EXPECT_EQ(followed[0].key, prefix_key);
  EXPECT_EQ(followed[0].pop, "AMS");
  EXPECT_EQ(followed[0].samples, 40U);
  EXPECT_NEAR(followed[0].rise_us, 15'000, 500);
  EXPECT_FALSE(followed[0].traced);
  const model::BlameVerdict verdict = versions.back().blame->verdict;
  const auto traceroutes = [&] {
    return std::ranges::count_if(versions.back().blame->evidence, is_traceroute);
  };
  model::BlameEvidence line;
  line.text = fmt::format("{}AMS", traceroute_begins);
  for (int i = 0; i < 2; ++i) judging->traced(prefix_key, followed[0].event, line);
  judging->traced(prefix_key, "another", line);
  pass(seconds(1));
  EXPECT_EQ(traceroutes(), 1);
  EXPECT_EQ(versions.back().blame->verdict, verdict);
  const std::size_t told_before = versions.size();
  for (int i = 0; i < 4; ++i) pass(seconds(16));
  EXPECT_EQ(versions.size(), told_before) << "blame that is asked again keeps it";
  EXPECT_TRUE(followed[0].traced);
  restart();
  for (int i = 0; i < 3; ++i) pass(seconds(6));
  ASSERT_THAT(followed, SizeIs(1));
  EXPECT_TRUE(followed[0].traced) << "after a restart, too";
  store(ten + hours(1), hours(1), 30'000);
  pass(seconds(4));
  EXPECT_EQ(traceroutes(), 1) << "also of its end";
  judging->traced(prefix_key, versions.back().id.value, line);
  const std::size_t told_at_the_end = versions.size();
  pass(seconds(6));
  EXPECT_THAT(followed, IsEmpty());
  EXPECT_EQ(versions.size(), told_at_the_end);
}

TEST_F(LatencyOfAPrefix, ThatGetsWorseAndBetterIsTwoEventsInSampleTime) {
  history();
  store(ten, hours(1), 45'000);
  pass(seconds(4));
  EXPECT_THAT(told(), ElementsAre("PrefixLatencyDegradedEvent open 10:00"));
  const model::Event open = versions.front();
  EXPECT_EQ(open.level, model::Level::warning);
  EXPECT_EQ(open.connection, "/subscriptions/S/Svc");
  EXPECT_THAT(open.summary, HasSubstr("203.0.113.0/24 is slower than usual at AMS (srtt)"));
  EXPECT_THAT(open.description, HasSubstr("of 40 samples in the five minutes from 2026-11-23T10:00:00Z"));
  ASSERT_TRUE(open.latency);
  EXPECT_EQ(open.latency->pop, "AMS");
  EXPECT_EQ(open.latency->basis, "hour-of-week");
  EXPECT_NEAR(open.latency->baseline_us, 30'200, 300);
  EXPECT_NEAR(open.latency->median_us, 45'200, 450);
  EXPECT_EQ(open.latency->count, 40);

  store(ten + hours(1), hours(1), 30'000);
  pass(seconds(4));
  EXPECT_THAT(told(), ElementsAre("PrefixLatencyDegradedEvent open 10:00",
                                  "PrefixLatencyDegradedEvent resolved 10:00",
                                  "PrefixLatencyRecoveredEvent resolved 11:00"));
  EXPECT_EQ(versions[1].id, open.id);
  EXPECT_EQ(versions[1].resolved_at, ten + hours(1));
  EXPECT_EQ(versions[2].level, model::Level::information);
  pass(hours(1));
  EXPECT_THAT(versions, SizeIs(3)) << "nothing is told again";
}

TEST_F(LatencyOfAPrefix, IsToldTheSameWhenItComesLateAndInAnotherOrder) {
  history();
  store(ten, hours(1), 45'000);
  pass(seconds(4));
  store(ten + hours(1), hours(1), 30'000);
  pass(seconds(4));
  const std::vector<model::Event> in_order = versions;

  events = store::make_memory_telemetry_store();
  versions.clear();
  std::vector<latency::SeriesBin> all;
  for (const auto& [key, bin] : bins) all.push_back(bin);
  std::ranges::reverse(all);
  bins.clear();
  restart();
  const TimePoint until = now;
  for (const latency::SeriesBin& each : all) {
    bins[{each.start, "AMS"}] = each;
    model::SketchBatch added;
    added.add(*each.series, each.start, {});
    judging->touched(added, until);
  }
  pass(seconds(4));
  ASSERT_THAT(versions, SizeIs(3)) << "also its beginning, so that the same alerts follow";
  for (std::size_t i = 0; i < versions.size(); ++i) {
    versions[i].detected_at = in_order[i].detected_at;
    EXPECT_EQ(versions[i], in_order[i]);
  }
}

TEST_F(LatencyOfAPrefix, WaitsForQuietBeforeAHistoryIsJudged) {
  store(ten - hours(2), hours(2), 30'000);
  store(ten, hours(1), 45'000);
  pass(seconds(1));
  EXPECT_THAT(versions, IsEmpty());
  for (int i = 0; i < 20; ++i) {
    store(ten, minutes(5), 45'000);
    pass(seconds(2));
  }
  EXPECT_THAT(versions, SizeIs(1)) << "but not for ever";
}

TEST_F(LatencyOfAPrefix, JudgesTheRunningBinWhenItIsOver) {
  const TimePoint running = latency::bin_start(now);
  store(running - hours(3), hours(3) - minutes(5), 30'000);
  store(running - minutes(5), minutes(10), 45'000);
  pass(seconds(5));
  EXPECT_THAT(versions, IsEmpty());
  now = running + minutes(5);
  pass(seconds(9));
  EXPECT_THAT(versions, IsEmpty());
  pass(seconds(2));
  ASSERT_THAT(versions, SizeIs(1));
  EXPECT_EQ(versions[0].first_seen, running - minutes(5));
}

TEST_F(LatencyOfAPrefix, IsNeitherToldTwiceNorLostByARestart) {
  history();
  store(ten, hours(1), 45'000);
  pass(seconds(4));
  ASSERT_THAT(versions, SizeIs(1));
  restart();
  pass(seconds(1));
  pass(hours(1));
  EXPECT_THAT(versions, SizeIs(1)) << "nothing is told twice";

  store(ten + hours(1), hours(1), 30'000);
  restart();  // before that was judged
  pass(seconds(1));
  EXPECT_THAT(told(), ElementsAre("PrefixLatencyDegradedEvent open 10:00",
                                  "PrefixLatencyDegradedEvent resolved 10:00",
                                  "PrefixLatencyRecoveredEvent resolved 11:00"));

  lose = true;  // what is told now never reaches the store
  store(ten + hours(2), minutes(30), 45'000);
  pass(seconds(4));
  lose = false;
  restart();
  pass(seconds(1));
  EXPECT_EQ(told().back(), "PrefixLatencyDegradedEvent open 12:00");
  EXPECT_THAT(stored(), SizeIs(3));
}

TEST_F(LatencyOfAPrefix, WhatLateSamplesExplainIsRetracted) {
  store(ten - hours(2), hours(2), 30'000);
  store(ten, hours(1), 45'000);
  pass(seconds(4));
  ASSERT_THAT(versions, SizeIs(1));
  for (int day = 1; day <= 15; ++day) store(ten - days(day), hours(1), 45'000);
  pass(seconds(4));
  ASSERT_THAT(versions, SizeIs(2));
  EXPECT_EQ(versions[1].id, versions[0].id);
  EXPECT_EQ(versions[1].state, model::EventState::resolved);
  EXPECT_TRUE(versions[1].latency->retracted);
  EXPECT_THAT(versions[1].evidence.back(), HasSubstr("samples that came late show that it was not so"));
  restart();
  pass(seconds(1));
  EXPECT_THAT(versions, SizeIs(2));
}

TEST_F(LatencyOfAPrefix, EveryPopIsJudgedByItself) {
  store(ten - hours(2), hours(3), 30'000);
  store(ten - hours(2), hours(2), 30'000, "LON");
  store(ten, hours(1), 45'000, "LON");
  pass(seconds(4));
  ASSERT_THAT(versions, SizeIs(1));
  EXPECT_EQ(versions[0].latency->pop, "LON");
}

TEST_F(LatencyOfAPrefix, ReportsSeeWhatIsNotToldYet) {
  store(ten - hours(2), hours(2), 30'000);
  store(ten, hours(1), 45'000);
  const auto verdicts = judging->verdicts(prefix_key, now).value();
  ASSERT_THAT(verdicts, SizeIs(1));
  ASSERT_THAT(verdicts[0].degradations, SizeIs(1));
  EXPECT_EQ(verdicts[0].degradations[0].first_seen, ten);
  EXPECT_THAT(versions, IsEmpty());
  pass(seconds(4));
  EXPECT_THAT(versions, SizeIs(1));
}

TEST_F(LatencyOfAPrefix, ADegradationEndsWithTheRegistration) {
  store(ten - hours(2), hours(2), 30'000);
  store(ten, hours(1), 45'000);
  pass(seconds(4));
  registry = std::make_shared<model::Registry>();
  pass(seconds(1));
  ASSERT_THAT(versions, SizeIs(2));
  EXPECT_EQ(versions[1].state, model::EventState::resolved);
  EXPECT_THAT(versions[1].evidence.back(), HasSubstr("no longer registered"));
}

TEST_F(LatencyOfAPrefix, AStoreThatFailsIsAskedAgain) {
  store(ten - hours(2), hours(2), 30'000);
  store(ten, hours(1), 45'000);
  broken = true;
  pass(seconds(4));
  EXPECT_THAT(versions, IsEmpty());
  broken = false;
  pass(seconds(4));
  EXPECT_THAT(versions, SizeIs(1));
}

}  // namespace
}  // namespace peering::app
