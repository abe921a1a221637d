// What an incident is to other programs: the files that `peeringctl analyze` and the server read.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "sim/incident.h"

namespace peering::sim {

/// RIS Live messages, a JSON object a line: the routes of before, then each step, a minute apart.
std::string ris_lines(const Incident& incident);
/// The watch file to these lines (docs/watch.md), with ROAs and when they change, and the relationships.
json::object watch_file(const Incident& incident);
/// CAIDA serial-1.
std::string relationship_lines(const Incident& incident);
/// A validator's JSON.
json::object vrp_document(const std::vector<Roa>& roas);
/// Writes that, replacing the file at once as validators do.
Result<void> write_vrps(const std::string& path, const std::vector<Roa>& roas);

}  // namespace peering::sim
