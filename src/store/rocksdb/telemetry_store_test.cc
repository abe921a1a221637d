#include "store/rocksdb/telemetry_store.h"

#include "store/conformance/sketch_levels_conformance.h"
#include "store/conformance/telemetry_store_conformance.h"
#include "store/rocksdb/database.h"
#include "store/rocksdb/keys.h"

namespace peering::store::conformance {
namespace {

struct Rocks {
  static Result<std::unique_ptr<TelemetryStore>> open(const std::string& folder) {
    return open_rocksdb(folder + "/telemetry");
  }
};
INSTANTIATE_TYPED_TEST_SUITE_P(Rocks, TelemetryStoreConformance, Rocks);
INSTANTIATE_TYPED_TEST_SUITE_P(Rocks, PersistentTelemetryStoreConformance, Rocks);
INSTANTIATE_TYPED_TEST_SUITE_P(Rocks, SketchLevelsConformance, Rocks);

// A row's key in the versions before this one.
std::string row_key(const SketchRow& row) {
  std::string out = rocks::sketch_bound(row.series.prefix_resource, row.start);
  rocks::append_network(out, row.series.client);
  out += static_cast<char>(row.series.kind);
  out += static_cast<char>(row.series.pop.size() >> 8);
  out += static_cast<char>(row.series.pop.size());
  return out + row.series.pop + row.series.source;
}

// Of two series, on the first and second day, and of another prefix.
std::vector<SketchRow> rows_of_old() {
  std::vector<SketchRow> rows{some_row(0, 0, sketch_of({20'000})), some_row(0, 0, sketch_of({30'000})),
                              some_row(0, 86'400, sketch_of({40'000})),
                              some_row(1, 300, sketch_of({50'000}))};
  rows[1].series.client = six_network();
  for (SketchRow& row : rows)
    row.start = model::round_down(row.start, model::width_of(model::SketchLevel::five_minutes));
  return rows;
}

void make_old(const std::string& folder, std::string_view version, rocks::Table table) {
  auto database = rocks::Database::open(folder + "/telemetry");
  ASSERT_TRUE(database.has_value());
  rocks::Batch batch = (*database)->batch();
  batch.put(rocks::Table::state, "format", version);
  for (const SketchRow& row : rows_of_old()) batch.put(table, row_key(row), row.bytes);
  ASSERT_TRUE((*database)->write(batch));
}

TEST(RocksTelemetryStore, BringsAFolderOfTheFirstVersionToThisOne) {
  const TemporaryFolder folder;
  make_old(folder.path(), "1", rocks::Table::sketches);
  SketchQuery query{rows_of_old()[0].series.prefix_resource, model::day_of(at_second(0)),
                    at_second(3 * 86'400)};
  for (int opened = 0; opened < 2; ++opened) {
    const auto store = Rocks::open(folder.path()).value();
    EXPECT_EQ(store->roll_up(at_second(10 * 86'400), 100).value(), opened == 0 ? 3U : 0U)
        << "it had no coarser sketches";
    query.resolution = model::width_of(model::SketchLevel::five_minutes);
    EXPECT_THAT(rows_of(store->sketches(query).value()),
                ::testing::ElementsAre(rows_of_old()[0], rows_of_old()[1], rows_of_old()[2]));
    query.resolution = model::width_of(model::SketchLevel::day);
    EXPECT_EQ(store->sketches(query).value().rows.size(), 3U);
  }
}

TEST(RocksTelemetryStore, BringsAFolderOfTheSecondVersionToThisOne) {
  const TemporaryFolder folder;
  make_old(folder.path(), "2", rocks::Table::sketches_1d);
  const SketchQuery query{rows_of_old()[3].series.prefix_resource, at_second(0) - std::chrono::days(1),
                          at_second(86'400), model::width_of(model::SketchLevel::day)};
  for (int opened = 0; opened < 2; ++opened) {
    const auto store = Rocks::open(folder.path()).value();
    EXPECT_EQ(store->roll_up(at_second(10 * 86'400), 100).value(), 0U);
    ASSERT_EQ(store->sketches(query).value().rows.size(), 1U);
    EXPECT_EQ(rows_of(store->sketches(query).value())[0].bytes, rows_of_old()[3].bytes);
  }
}

TEST(RocksTelemetryStore, GoesOnWithAnUpgradeThatWasStopped) {
  const TemporaryFolder folder;
  make_old(folder.path(), "2", rocks::Table::sketches);
  // Killed after the version was written and before any row was.
  ASSERT_TRUE(rocks::Database::open(folder.path() + "/telemetry").has_value());
  EXPECT_FALSE(rocks::Database::open(folder.path() + "/telemetry").value()->upgrade_from().empty());
  const auto store = Rocks::open(folder.path()).value();
  const SketchQuery query{rows_of_old()[0].series.prefix_resource, at_second(-300), at_second(3 * 86'400)};
  EXPECT_EQ(store->sketches(query).value().rows.size(), 3U);
}

TEST(RocksTelemetryStore, RefusesAFolderOfAnotherVersion) {
  const TemporaryFolder folder;
  {
    auto database = rocks::Database::open(folder.path() + "/telemetry");
    ASSERT_TRUE(database.has_value());
    rocks::Batch batch = (*database)->batch();
    batch.put(rocks::Table::state, "format", "4");
    ASSERT_TRUE((*database)->write(batch));
  }
  const auto refused = Rocks::open(folder.path());
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::corrupt);
  EXPECT_THAT(refused.error().message, ::testing::HasSubstr("version 4"));
}

TEST(RocksTelemetryStore, OneFolderOpensOnce) {
  const TemporaryFolder folder;
  const auto first = Rocks::open(folder.path());
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(Rocks::open(folder.path()).error().code, ErrorCode::io);
}

TEST(RocksTelemetryStore, RefusesSeriesThatItsKeysCannotHold) {
  const TemporaryFolder folder;
  const auto store = Rocks::open(folder.path());
  model::SampleBatch batch = some_batch(1);
  batch.names[batch.series[0].resource] = std::string("a\0b", 3);
  EXPECT_EQ((*store)->accept(batch, "").error().code, ErrorCode::invalid_argument);
  batch.names[batch.series[0].resource] = "a";
  batch.series[0].client = *net::Prefix::parse("203.0.113.0/25");
  EXPECT_EQ((*store)->accept(batch, "").error().code, ErrorCode::invalid_argument);
  EXPECT_TRUE((*store)->pending(0, 1).value().empty());
}

}  // namespace
}  // namespace peering::store::conformance
