// The files of `[topology]` and `[rpki]`, each read whole into the value that detectors use.
#pragma once

#include <string>
#include <vector>

#include "detect/relationships.h"
#include "rib/prefix_set.h"
#include "rib/route_objects.h"
#include "rib/rpki_json.h"

namespace peering::app {

// Every error names the file, and the line or place in it.

/// CAIDA serial-1 or serial-2.
Result<detect::Relationships> read_as_relationships(const std::string& path);
/// Lines of AS numbers of one organisation each, separated by blanks or `|`; `#` comments.
Result<detect::Relationships> read_siblings(const std::string& path);
/// JSON of validators: `roas` and `aspas`.
Result<rib::RpkiData> read_rpki(const std::string& path);
/// Lines of one prefix each; `#` comments.
Result<rib::PrefixSet> read_bogons(const std::string& path);
/// A dump of an IRR database (RPSL). Objects that are broken are left out, the first of them named in the
/// log; a file without any `route:` or `route6:` object is none.
Result<rib::RouteObjectsPointer> read_route_objects(const std::string& path);

}  // namespace peering::app
