// TelemetryStore in one RocksDB folder: synced, atomic, group-committed writes. Column families and keys:
// docs/on-disk.md. (The namespace inside is `rocks`: `rocksdb` is the library's.)
#pragma once

#include <memory>
#include <string>

#include "store/telemetry_store.h"

namespace peering::store {

/// Opens or creates the folder. `corrupt` for a folder of another format version or with damaged files, `io`
/// when another process has it open.
Result<std::unique_ptr<TelemetryStore>> open_rocksdb(const std::string& folder);

}  // namespace peering::store
