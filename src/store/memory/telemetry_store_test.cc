#include "store/memory/telemetry_store.h"

#include "store/conformance/sketch_levels_conformance.h"
#include "store/conformance/telemetry_store_conformance.h"

namespace peering::store::conformance {
namespace {

struct MemoryTelemetry {
  static Result<std::unique_ptr<TelemetryStore>> open(const std::string&) {
    return make_memory_telemetry_store();
  }
};
INSTANTIATE_TYPED_TEST_SUITE_P(Memory, TelemetryStoreConformance, MemoryTelemetry);
INSTANTIATE_TYPED_TEST_SUITE_P(Memory, SketchLevelsConformance, MemoryTelemetry);

}  // namespace
}  // namespace peering::store::conformance
