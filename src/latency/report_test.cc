#include "latency/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "latency/prefix_judge.h"
#include "latency/test_values.h"

namespace peering::latency {
namespace {

using std::chrono::minutes;
using ::testing::ElementsAre;
using ::testing::SizeIs;

const TimePoint ten_oclock = parse_rfc3339("2026-11-23T10:00:00Z").value();

ReportQuery query_of(int span_minutes, Microseconds interval = minutes(5)) {
  ReportQuery query;
  query.resource_id = resource_of("p");
  query.from = ten_oclock;
  query.to = ten_oclock + minutes(span_minutes);
  query.timespan_text = "2026-11-23T10:00:00Z/…";
  query.interval = interval;
  query.interval_text = "PT5M";
  query.now = query.to;
  return query;
}

SeriesBin bin(int minute, std::uint32_t rtt_us, std::uint64_t count,
              model::SeriesKey series = series_of("203.0.113.0/24")) {
  SeriesBin out{std::move(series), ten_oclock + minutes(minute), {}};
  for (std::uint64_t i = 0; i < count; ++i) out.sketch.add(rtt_us + static_cast<std::uint32_t>(i % 5) * 100);
  return out;
}

Report report_of(const ReportQuery& query, std::vector<SeriesBin> bins,
                 std::string_view prefix = "203.0.113.0/24") {
  std::vector<SeriesVerdict> verdicts = judge_all(bins, {});
  return make_report(query, {{prefix_of(prefix), std::move(bins), std::move(verdicts)}});
}

json::value json_of(const Report& report) { return parse_json(to_json(report)).value(); }

std::vector<Judgement> judgements(const ReportSeries& series) {
  std::vector<Judgement> out;
  for (const ReportPoint& each : series.points) out.push_back(each.judgement);
  return out;
}

TEST(Report, AGapIsAGapAndNeverZero) {
  const Report report = report_of(query_of(15), {bin(0, 20'000, 12), bin(10, 20'000, 12)});
  ASSERT_THAT(report.series, SizeIs(1));
  ASSERT_THAT(report.series[0].points, SizeIs(3));
  const json::value gap = json_of(report).at("series").at(0).at("points").at(1);
  EXPECT_EQ(gap, parse_json(R"({"start":"2026-11-23T10:05:00Z","count":0,"judgement":"no-data"})").value());
}

TEST(Report, APointHasItsCountExtremesPercentilesAndInterval) {
  ReportQuery query = query_of(5);
  query.percentiles = {50, 99.9};
  const json::value point =
      json_of(report_of(query, {bin(0, 20'000, 50)})).at("series").at(0).at("points").at(0);
  EXPECT_EQ(point.at("count"), 50);
  EXPECT_EQ(point.at("min_us"), 20'000);
  EXPECT_EQ(point.at("max_us"), 20'400);
  EXPECT_EQ(point.at("mean_us"), 20'200);
  EXPECT_NEAR(point.at("p50_us").to_number<double>(), 20'200, 202);
  EXPECT_EQ(point.at("p99.9_us"), 20'400);
  EXPECT_FALSE(find(point, "p90_us"));
  EXPECT_LE(point.at("median_ci95_us").at(0).to_number<double>(), 20'400);
  EXPECT_THAT(point.at("median_ci95_us").as_array(), SizeIs(2));
}

TEST(Report, BinsOfOneIntervalAndOfAllClientNetworksAreOnePoint) {
  const Report report =
      report_of(query_of(60, minutes(60)),
                {bin(0, 20'000, 10), bin(55, 20'000, 7), bin(5, 20'000, 3, series_of("203.0.112.0/24"))},
                "203.0.112.0/23");
  ASSERT_THAT(report.series, SizeIs(1));
  ASSERT_THAT(report.series[0].points, SizeIs(1));
  EXPECT_EQ(report.series[0].points[0].sketch.count(), 20);
}

TEST(Report, PointsStartAtWholeIntervalsAndEndBeforeTheEnd) {
  ReportQuery query = query_of(0, minutes(15));
  query.from = ten_oclock + minutes(7);
  query.to = ten_oclock + minutes(30);
  const Report report =
      report_of(query, {bin(0, 1000, 1), bin(25, 1000, 1), bin(30, 1000, 1), bin(-5, 1000, 1)});
  ASSERT_THAT(report.series, SizeIs(1));
  ASSERT_THAT(report.series[0].points, SizeIs(2));
  EXPECT_EQ(report.series[0].points[0].start, ten_oclock);
  EXPECT_EQ(report.series[0].points[0].sketch.count(), 1);
  EXPECT_EQ(report.series[0].points[1].sketch.count(), 1);
}

TEST(Report, GroupsAsAskedAndSaysWhatIsMixed) {
  const std::vector<SeriesBin> bins{
      bin(0, 1000, 1, series_of("203.0.113.0/24", "AMS")),
      bin(0, 1000, 1, series_of("203.0.113.0/24", "LON")),
      bin(0, 1000, 1, series_of("203.0.113.0/24", "LON", model::SampleKind::quic)),
      bin(0, 1000, 1, series_of("203.0.113.0/24", "LON", model::SampleKind::quic, "edge-2"))};
  ReportQuery query = query_of(5);
  EXPECT_THAT(report_of(query, bins).series, SizeIs(3));
  query.by_source = true;
  EXPECT_THAT(report_of(query, bins).series, SizeIs(4));
  query.by_pop = query.by_kind = query.by_source = false;
  const json::value mixed = json_of(report_of(query, bins)).at("series");
  ASSERT_THAT(mixed.as_array(), SizeIs(1));
  EXPECT_EQ(mixed.at(0).at("pops"), parse_json(R"(["AMS","LON"])").value());
  EXPECT_EQ(mixed.at(0).at("kinds"), parse_json(R"(["srtt","quic"])").value());
  query.pop = "AMS";
  EXPECT_EQ(report_of(query, bins).series.at(0).points.at(0).sketch.count(), 1);
}

TEST(Report, FewSamplesAreInsufficient) {
  const Report report = report_of(query_of(15), {bin(0, 20'000, 9), bin(5, 20'000, 10), bin(10, 20'000, 1)});
  EXPECT_THAT(judgements(report.series.at(0)),
              ElementsAre(Judgement::insufficient, Judgement::ok, Judgement::insufficient));
}

TEST(Report, TwoBinsBeyondFiveMillisecondsAndATenthAreDegraded) {
  std::vector<SeriesBin> bins;
  for (int i = 0; i < 6; ++i) bins.push_back(bin(5 * i, 20'000, 40));
  for (const int minute : {30, 35}) bins.push_back(bin(minute, 24'500, 40));
  for (const int minute : {40, 45}) bins.push_back(bin(minute, 26'000, 40));
  const auto judged = judgements(report_of(query_of(50), bins).series.at(0));
  EXPECT_EQ(judged[5], Judgement::ok);
  EXPECT_EQ(judged[7], Judgement::ok) << "less than 5 ms";
  EXPECT_EQ(judged[8], Judgement::degraded) << "shown by the next one";
  EXPECT_EQ(judged[9], Judgement::degraded);
  for (SeriesBin& each : bins) {
    const auto minute = static_cast<int>((each.start - ten_oclock) / minutes(1));
    each = bin(minute, minute < 40 ? 200'000 : 215'000, 40);
  }
  EXPECT_EQ(judgements(report_of(query_of(50), bins).series.at(0))[9], Judgement::ok) << "less than a tenth";
}

TEST(Report, AWideIntervalProvesNothing) {
  std::vector<SeriesBin> bins;
  for (int i = 0; i < 6; ++i) bins.push_back(bin(5 * i, 20'000, 40));
  for (const int minute : {30, 35}) {
    SeriesBin wide{series_of("203.0.113.0/24"), ten_oclock + minutes(minute), {}};
    for (int i = 0; i < 12; ++i) wide.sketch.add(i < 6 ? 15'000 : 45'000);
    bins.push_back(wide);
  }
  EXPECT_EQ(judgements(report_of(query_of(40), bins).series.at(0)).back(), Judgement::ok);
}

TEST(Report, ALongIntervalIsDegradedWhenAPartOfItIs) {
  std::vector<SeriesBin> bins;
  for (int i = 0; i < 24; ++i) bins.push_back(bin(5 * i, i == 14 || i == 15 ? 40'000 : 20'000, 40));
  ReportQuery query = query_of(120, minutes(60));
  EXPECT_THAT(judgements(report_of(query, bins).series.at(0)),
              ElementsAre(Judgement::ok, Judgement::degraded));
  query.by_pop = query.by_kind = false;
  const Report merged = report_of(query, bins);
  EXPECT_THAT(judgements(merged.series.at(0)), ElementsAre(Judgement::ok, Judgement::degraded));
  EXPECT_FALSE(merged.series.at(0).temporal_class);
}

TEST(Report, SaysHowASeriesOfOnePopAndKindBehaves) {
  const json::value series = json_of(report_of(query_of(5), {bin(0, 20'000, 50)})).at("series").at(0);
  EXPECT_EQ(series.at("temporalClass"), "insufficient") << "an hour is no history";
}

TEST(Report, ALongPrefixIsAnsweredAtItsNetworkAndSaysSo) {
  const json::value series =
      json_of(report_of(query_of(5), {bin(0, 1000, 1)}, "203.0.113.64/26")).at("series").at(0);
  EXPECT_EQ(series.at("prefix"), "203.0.113.64/26");
  EXPECT_EQ(series.at("approximatedAt"), "203.0.113.0/24");
  const json::value six =
      json_of(report_of(query_of(5), {bin(0, 1000, 1, series_of("2001:db8:1::/48"))}, "2001:db8:1:100::/56"));
  EXPECT_EQ(six.at("series").at(0).at("approximatedAt"), "2001:db8:1::/48");
  EXPECT_FALSE(find(json_of(report_of(query_of(5), {bin(0, 1000, 1)})).at("series").at(0), "approximatedAt"));
}

TEST(Report, SaysWhichSourcesFeedItAndWhichHaveGoneSilent) {
  ReportQuery query = query_of(30);
  const Report report = report_of(
      query, {bin(0, 1000, 1), bin(5, 1000, 1),
              bin(25, 1000, 1, series_of("203.0.113.0/24", "AMS", model::SampleKind::srtt, "edge-2"))});
  EXPECT_EQ(json_of(report).at("coverage"),
            parse_json(R"({"sources":[{"source":"edge-1","lastSeen":"2026-11-23T10:05:00Z","state":"stale"},)"
                       R"({"source":"edge-2","lastSeen":"2026-11-23T10:25:00Z","state":"live"}]})")
                .value());
}

TEST(Report, WithoutSamplesHasNoSeries) {
  const json::value empty = json_of(report_of(query_of(5), {}));
  EXPECT_TRUE(empty.at("series").as_array().empty());
  EXPECT_EQ(find_string(empty, "resourceId"), resource_of("p"));
  EXPECT_EQ(empty.at("interval"), "PT5M");
  EXPECT_EQ(empty.at("relativeError").to_number<double>(), 0.01);
}

TEST(Report, WhereFineBinsAreGoneItsPointsAreAsWideAsTheWidestAndItSaysSo) {
  SeriesBin old = bin(0, 20'000, 30), fresh = bin(65, 30'000, 30);
  old.level = model::SketchLevel::hour;
  const Report report = report_of(query_of(120), {old, fresh});
  const json::value out = json_of(report);
  EXPECT_EQ(out.at("interval"), "PT1H");
  EXPECT_EQ(out.at("requestedInterval"), "PT5M");
  EXPECT_EQ(out.at("note"),
            "Points of PT5M are no longer kept for part of the time span; these are of PT1H.");
  const json::array& points = out.at("series").at(0).at("points").as_array();
  ASSERT_EQ(points.size(), 2U);
  EXPECT_EQ(points[0].at("count"), 30);
  EXPECT_EQ(points[1].at("count"), 30);
  EXPECT_FALSE(json_of(report_of(query_of(120), {fresh})).as_object().contains("note"));
}

TEST(Report, AsCsvHasOneLineAPointAndEmptyValuesForGaps) {
  ReportQuery query = query_of(10);
  query.percentiles = {50};
  const Report report = report_of(query, {bin(0, 20'000, 1, series_of("203.0.113.0/24", "A,M\"S"))});
  EXPECT_EQ(
      to_csv(report),
      "prefix,pop,kind,source,approximatedAt,start,count,min_us,mean_us,max_us,p50_us,"
      "median_ci95_low_us,median_ci95_high_us,judgement,interval\r\n"
      "203.0.113.0/"
      "24,\"A,M\"\"S\",srtt,edge-1,,2026-11-23T10:00:00Z,1,20000,20000,20000,20000,,,insufficient,PT5M\r\n"
      "203.0.113.0/24,\"A,M\"\"S\",srtt,edge-1,,2026-11-23T10:05:00Z,0,,,,,,,no-data,PT5M\r\n");
}

}  // namespace
}  // namespace peering::latency
