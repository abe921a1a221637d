// Entity tags of resources: the same rule in every implementation.
#pragma once

#include <string>
#include <string_view>

#include "model/registry.h"

namespace peering::store {

/// 32 hexadecimal digits that differ for every write of a key, also after a restore that repeats revisions
/// with other contents.
std::string make_etag(model::Revision revision, std::string_view key, std::string_view document);

}  // namespace peering::store
