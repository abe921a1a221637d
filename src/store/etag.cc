#include "store/etag.h"

#include <span>

#include "base/digest.h"

namespace peering::store {

std::string make_etag(model::Revision revision, std::string_view key, std::string_view document) {
  constexpr std::size_t etag_bytes = 16;
  const Sha256 digest = sha256(fmt::format("{}\n{}\n{}", revision.value, key, document));
  return to_hex(std::span(digest).first(etag_bytes));
}

}  // namespace peering::store
