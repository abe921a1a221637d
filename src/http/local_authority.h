// A certificate authority for one machine: made at the first start, so that clients which insist on TLS have
// something to trust before the operator brings certificates of her own.
#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "base/result.h"
#include "http/server.h"

namespace peering::http {

/// Makes sure that `folder` (mode 0700) holds ca.pem, ca.key, server.pem and server.key (keys mode 0600, EC
/// P-256). The authority lasts ten years; the server's certificate 397 days, names localhost, 127.0.0.1, ::1,
/// this machine's host name and `names` (host names or addresses; another text is `invalid_argument`), and is
/// made anew when it has less than 30 days left or lacks a name, or when key and certificate do not fit each
/// other. Files are replaced whole. Not thread-safe; called at start.
Result<TlsFiles> ensure_local_authority(const std::filesystem::path& folder,
                                        std::span<const std::string> names);

}  // namespace peering::http
