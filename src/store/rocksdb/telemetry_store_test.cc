#include "store/rocksdb/telemetry_store.h"

#include "store/conformance/telemetry_store_conformance.h"
#include "store/rocksdb/database.h"

namespace peering::store::conformance {
namespace {

struct Rocks {
  static Result<std::unique_ptr<TelemetryStore>> open(const std::string& folder) {
    return open_rocksdb(folder + "/telemetry");
  }
};
INSTANTIATE_TYPED_TEST_SUITE_P(Rocks, TelemetryStoreConformance, Rocks);
INSTANTIATE_TYPED_TEST_SUITE_P(Rocks, PersistentTelemetryStoreConformance, Rocks);

TEST(RocksTelemetryStore, RefusesAFolderOfAnotherVersion) {
  const TemporaryFolder folder;
  {
    auto database = rocks::Database::open(folder.path() + "/telemetry");
    ASSERT_TRUE(database.has_value());
    rocks::Batch batch = (*database)->batch();
    batch.put(rocks::Table::state, "format", "2");
    ASSERT_TRUE((*database)->write(batch));
  }
  const auto refused = Rocks::open(folder.path());
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::corrupt);
  EXPECT_THAT(refused.error().message, ::testing::HasSubstr("version 2"));
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
