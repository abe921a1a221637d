#include "store/resource_store.h"

namespace peering::store {

std::string_view log_root(std::string_view key) {
  constexpr std::string_view start = "/subscriptions/";
  if (!key.starts_with(start)) return {};
  return key.substr(0, key.find('/', start.size()));
}

}  // namespace peering::store
