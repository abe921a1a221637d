// One line for every route, withdrawal and session state of an MRT record: the format of `bgpdump -m`, byte
// for byte.
//
// Where bgpdump departs from the RFCs this follows bgpdump, since what reads the format was written against
// it: a missing MED or LOCAL_PREF is 0, large and extended communities are not shown.
#pragma once

#include <string>

#include "wire/mrt/record.h"

namespace peering::wire::mrt {

/// Appends the record's lines to `out`. Errors as in `decode_record`; what was appended before stays.
Result<void> append_text(const Record& record, std::string& out);

}  // namespace peering::wire::mrt
