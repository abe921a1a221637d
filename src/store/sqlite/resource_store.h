// ResourceStore in one SQLite file: WAL, every commit synced, one writer, readers beside it. Tables and
// columns: docs/on-disk.md.
#pragma once

#include <memory>
#include <string>

#include "store/resource_store.h"

namespace peering::store {

/// Opens or creates the file. `corrupt` for a file of a newer version or one that is no database. `trace`, or
/// null: makes the log's entries of what is deleted with what lies above it.
Result<std::unique_ptr<ResourceStore>> open_sqlite(const std::string& path, Trace trace = nullptr);

}  // namespace peering::store
