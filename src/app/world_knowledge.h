// What is known of the world outside: RPKI data from caches and a file, AS relationships, siblings, provider
// attestations, bogons, route objects. Reads them, builds snapshots, and hands each new one to the shards.
//
// One thread does all the reading and building. It starts with every file, follows the caches, looks at the
// VRP file's time once a minute and reads all files again on SIGHUP. A file that cannot be read, or says
// something impossible, leaves what it said before in force, with an error in the log.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "base/result.h"
#include "base/time.h"
#include "detect/settings.h"
#include "feeds/rtr_client.h"

namespace peering::app {

/// Paths; empty: none.
struct KnowledgeFiles {
  std::string vrps, as_relationships, siblings, aspa, bogons, irr;
  friend bool operator==(const KnowledgeFiles&, const KnowledgeFiles&) = default;
};

/// A snapshot and what is different in its RPKI table.
struct KnowledgeUpdate {
  detect::Knowledge after;
  std::shared_ptr<const rib::VrpDelta> roas;  ///< null: there was no table, or is none, or it is the same
  TimePoint at{};
};

/// Thread-safe. Inert until `start`.
class WorldKnowledge {
 public:
  struct Options {
    KnowledgeFiles files;
    feeds::RtrSettings rtr;
    std::chrono::milliseconds look_every{60'000};  ///< at the VRP file's time
    Microseconds expiry_notice{0};                 ///< ROAs that expire within this time are told; 0: none
  };
  /// Called on the thread of this object, and from `start`, with every new snapshot.
  using Apply = std::function<void(const KnowledgeUpdate&)>;

  WorldKnowledge(Options options, Metrics& metrics, Apply apply);
  ~WorldKnowledge();
  WorldKnowledge(const WorldKnowledge&) = delete;
  WorldKnowledge& operator=(const WorldKnowledge&) = delete;

  /// Reads every file; the first that cannot be read is the error. Then follows files and caches.
  Result<void> start();
  void stop();
  /// Reads every file again, which may be others now. Returns at once; the log says what came of it.
  void read_again(KnowledgeFiles files);
  /// The RPKI table in force; null when nothing is known.
  rib::VrpTablePointer vrps() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// What `start` would say of the files.
Result<void> check(const KnowledgeFiles& files);

}  // namespace peering::app
