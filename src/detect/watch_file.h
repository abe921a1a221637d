// The watch file of `peeringctl analyze --watch` (docs/watch.md): the same expectations as the API's, with
// thresholds and topology beside them, as one snapshot and the detectors' settings.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "detect/settings.h"
#include "model/registry.h"

namespace peering::detect {

/// ROAs that come and go while the input is read.
struct RoaChanges {
  std::size_t before_line = 0;  ///< input line or record, from 1
  std::vector<rib::Vrp> added, removed;
};

struct WatchFile {
  model::RegistryPointer registry;
  Settings settings;
  std::vector<RoaChanges> roa_changes;    ///< by line
  std::vector<std::string> notes;         ///< what was changed on reading, one sentence each
  std::vector<std::string> unknown_keys;  ///< each once, in order
};

/// Entries have no connection; their resource is "watch/N" with N their place in the file from 1. The error
/// names the entry, the field, its value and the rule. `known` holds where the file says nothing else.
Result<WatchFile> read_watch_file(std::string_view text, Settings known = {});

}  // namespace peering::detect
