// What a partner may set on a peering, read from a body and checked against the catalogue. What the server
// keeps for each connection (what the operator decided, tracking id) is carried over from the stored peering
// by the connection's identifier, or by its place where it is sent without one.
#pragma once

#include <string>

#include "api/arm/failure.h"
#include "api/catalog.h"
#include "base/json.h"

namespace peering::api {

inline constexpr std::size_t peering_connections_max = 100, connectivity_probes_max = 100;

/// A peering as it is asked for, in the one spelling of every enumeration.
struct PeeringBody {
  std::string kind;         ///< Direct or Exchange
  json::object sku;         ///< name, tier, family, size
  json::object properties;  ///< as stored; `provisioningState` is not among them
  std::string peer_asn_id;  ///< as given
};

/// Since api-version 2025-05-01.
inline constexpr std::string_view probes_key = "connectivityProbes";

/// Reads `sku`, `kind` and `properties`. `before` is the stored `properties`, empty for a new peering; its
/// connectivity probes stay where the client's version has none (`with_probes` false).
/// 400 `InvalidRequestContent` for what has the wrong form, 400 `BadArgument` for what does not fit together.
arm::Expected<PeeringBody> read_peering(const json::value& body, const json::object& before,
                                        const Catalog& catalog, bool with_probes);

/// The addresses and limits of a `bgpSession`, for both families. `path` is its name in messages. 400 as
/// above.
arm::Expected<json::object> read_session_addresses(const json::value& session, const std::string& path);

}  // namespace peering::api
