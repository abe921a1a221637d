// `peeringctl bmp dump`: what a router sent over a BMP session, recorded as it came, as text.
#pragma once

#include <iosfwd>
#include <string>

namespace peering::cli {

/// Writes one line for every message, and one for every route in it, to `out`:
///
///     VIEW|TIME|A|PEER|ASN|PREFIX[|PATH-ID]|…   as the lines of `mrt dump`
///     VIEW|TIME|W|PEER|ASN|PREFIX[|PATH-ID]
///     VIEW|TIME|EOR|PEER|ASN|AFI/SAFI
///     VIEW|TIME|UP|PEER|ASN|IDENTIFIER|LOCAL ADDRESS|LOCAL PORT|REMOTE PORT|TABLE
///     VIEW|TIME|DOWN|PEER|ASN|REASON|NOTIFICATION|TABLE
///     VIEW|TIME|STATS|PEER|ASN|TYPE=VALUE …
///     VIEW|TIME|MIRROR|PEER|ASN|NUMBER OF TLVS
///     BMP|INIT|NAME|DESCRIPTION    BMP|TERM|REASON    BMP|UNKNOWN|TYPE
///
/// VIEW is IN_PRE, IN_POST, OUT_PRE, OUT_POST or LOC_RIB; TIME is RFC 3339, or `-` when the router gives
/// none. `file` may be compressed; `-` is stdin. Damaged messages are reported on `err` and skipped. Gives
/// the exit code: 0, 1 when the file ends in damage, 3 when it does not exist.
int run_bmp_dump(const std::string& file, std::ostream& out, std::ostream& err);

}  // namespace peering::cli
