// MRT records as JSON lines: header, session, message, attributes, prefixes.
#pragma once

#include "base/result.h"
#include "wire/mrt/table.h"
#include "wire/mrt/text_buffer.h"

namespace peering::cli {

/// Takes the records of one file in their order: a table's entries need the peers that came before. Not
/// thread-safe.
class MrtJson {
 public:
  /// Appends one object and a newline. `offset`: where the record begins. Errors name the record and what is
  /// damaged; its line then has the header and "error".
  Result<void> append(const wire::mrt::Record& record, std::uint64_t offset, wire::mrt::TextBuffer& out);

 private:
  std::vector<wire::mrt::TablePeer> peers_;
  wire::mrt::TableRoutes table_;
};

}  // namespace peering::cli
