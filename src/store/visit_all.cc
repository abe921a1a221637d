#include "store/resource_store.h"

namespace peering::store {

Result<Revision> ResourceStore::visit_all(const std::function<void(Change)>& visit) {
  constexpr std::size_t changes_max = 1000;
  Revision upto;
  while (true) {
    auto page = changes_since(upto, changes_max);
    if (!page) return tl::unexpected(page.error());
    upto = page->upto;
    const bool last = page->changes.size() < changes_max;
    for (Change& change : page->changes) {
      if (change.document) visit(std::move(change));
    }
    if (last) return upto;
  }
}

}  // namespace peering::store
