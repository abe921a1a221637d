#include "store/memory/resource_store.h"

#include "store/conformance/resource_store_conformance.h"

namespace peering::store::conformance {
namespace {

struct Memory {
  static Result<std::unique_ptr<ResourceStore>> open(const std::string&) {
    return make_memory_resource_store(tell_gone);
  }
};
INSTANTIATE_TYPED_TEST_SUITE_P(Memory, ResourceStoreConformance, Memory);

}  // namespace
}  // namespace peering::store::conformance
