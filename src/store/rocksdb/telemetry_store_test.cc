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

// Its sketches have one level, and nothing says which days are to be rolled up.
TEST(RocksTelemetryStore, BringsAFolderOfTheVersionBeforeToThisOne) {
  const TemporaryFolder folder;
  sketch::LatencySketch sketch;
  sketch.add(20'000);
  const std::vector<SketchRow> rows{some_row(0, 0, sketch.to_bytes()), some_row(0, 86'400, sketch.to_bytes()),
                                    some_row(1, 300, sketch.to_bytes())};
  {
    auto database = rocks::Database::open(folder.path() + "/telemetry");
    ASSERT_TRUE(database.has_value());
    rocks::Batch batch = (*database)->batch();
    batch.put(rocks::Table::state, "format", "1");
    for (const SketchRow& row : rows) {
      const TimePoint start = model::round_down(row.start, model::width_of(model::SketchLevel::five_minutes));
      batch.put(rocks::Table::sketches, rocks::sketch_key(row.series, start), row.bytes);
    }
    ASSERT_TRUE((*database)->write(batch));
  }
  for (int opened = 0; opened < 2; ++opened) {
    const auto store = Rocks::open(folder.path()).value();
    EXPECT_EQ(store->roll_up(at_second(10 * 86'400), 100).value(), opened == 0 ? 3U : 0U);
    const SketchQuery query{rows[0].series.prefix_resource, model::day_of(at_second(0)),
                            at_second(3 * 86'400), model::width_of(model::SketchLevel::day)};
    EXPECT_EQ(store->sketches(query).value().rows.size(), 2U);
  }
}

TEST(RocksTelemetryStore, RefusesAFolderOfAnotherVersion) {
  const TemporaryFolder folder;
  {
    auto database = rocks::Database::open(folder.path() + "/telemetry");
    ASSERT_TRUE(database.has_value());
    rocks::Batch batch = (*database)->batch();
    batch.put(rocks::Table::state, "format", "3");
    ASSERT_TRUE((*database)->write(batch));
  }
  const auto refused = Rocks::open(folder.path());
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::corrupt);
  EXPECT_THAT(refused.error().message, ::testing::HasSubstr("version 3"));
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
  batch.names[batch.series[0].pop] = std::string(70'000, 'x');
  EXPECT_EQ((*store)->accept(batch, "").error().code, ErrorCode::invalid_argument);
  EXPECT_TRUE((*store)->pending(0, 1).value().empty());
}

}  // namespace
}  // namespace peering::store::conformance
