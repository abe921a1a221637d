// Brings sketches of older format versions to the present one.
#pragma once

#include "base/result.h"
#include "store/rocksdb/database.h"

namespace peering::store::rocks {

/// Does nothing for a folder of the present version. Version 2 had a row a series and bin; version 1 also
/// knew five-minute bins only, so that all its days are marked to be rolled up. It may be stopped at any
/// moment and goes on with the next call. `corrupt` for rows that cannot be read.
Result<void> upgrade_sketches(Database& database);

}  // namespace peering::store::rocks
