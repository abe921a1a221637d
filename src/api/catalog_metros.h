// The part of the catalogue's file that says where peers connect: metros, their buildings, exchanges and
// prefixes.
#pragma once

#include <optional>
#include <string_view>

#include "api/catalog.h"
#include "api/catalog_reader.h"

namespace peering::api {

/// `latitude` and `longitude` of an object: both or none.
std::optional<Coordinates> read_coordinates(CatalogReader& reader, const json::value& value,
                                            std::string_view path);

/// `metros` and `bandwidthOffers` of the whole document; both may be absent.
void read_metros(CatalogReader& reader, const json::value& catalogue, Catalog& out);

}  // namespace peering::api
