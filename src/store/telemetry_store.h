// The large, append-mostly store: events with their alerts, latency samples with their sketches, and the
// history of BGP sessions.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/alert.h"
#include "model/event.h"
#include "model/sample.h"
#include "model/session_change.h"
#include "model/sketch_batch.h"
#include "model/sketch_level.h"

namespace peering::store {

/// Events and what follows from them, stored together or not at all.
struct EventCommit {
  std::vector<model::Event> events;     ///< a stored event of the same id is replaced
  std::vector<model::Alert> alerts;     ///< likewise
  std::vector<model::Delivery> outbox;  ///< likewise
};

/// Which events. Newest first.
struct EventQuery {
  /// ARM id (any case) of a prefix, a connection, a resource group or a subscription; empty: all.
  std::string scope;
  std::optional<TimePoint> from, to;  ///< by first_seen: from inclusive, to exclusive
  std::optional<model::EventKind> kind;
  std::optional<std::string> type;
  std::optional<model::Level> minimum_level;
  std::optional<model::EventState> state;
  std::string after;        ///< `EventPage::next` of the page before; empty for the first
  std::size_t limit = 100;  ///< 1 to 1000
};
struct EventPage {
  std::vector<model::Event> events;
  std::string next;  ///< empty on the last page
};

/// Events in the order in which they were stored, also later versions of one event: for followers.
struct StoredEvent {
  std::uint64_t sequence = 0;
  model::Event event;
};

/// The answer to an accepted batch, kept with the idempotency key.
struct Accepted {
  bool duplicate = false;      ///< the key was seen before with the same body; nothing was added
  std::string answer;          ///< the answer given the first time
  std::uint64_t sequence = 0;  ///< position of the batch in `pending` (0 for a duplicate)
};

struct PendingBatch {
  std::uint64_t sequence = 0;
  model::SampleBatch batch;
};

/// The sketch of one series in one bin.
struct SketchRow {
  model::SeriesKey series;
  TimePoint start;    ///< of the bin
  std::string bytes;  ///< LatencySketch::to_bytes
  model::SketchLevel level = model::SketchLevel::five_minutes;
  friend bool operator==(const SketchRow&, const SketchRow&) = default;
};
struct SketchQuery {
  std::string prefix_resource;  ///< lower case ARM id
  TimePoint from, to;           ///< bins with from <= start < to
  /// Of what the answer is for: bins are as wide as possible, but whole numbers of them make up so much.
  /// Wider ones come only where finer ones are gone.
  Microseconds resolution = model::width_of(model::SketchLevel::five_minutes);
};
/// Each sample once. A report asks for a hundred thousand rows of a few series, so each series stands once
/// and the bytes of the sketches lie together.
struct Sketches {
  struct Row {
    std::uint32_t series = 0;  ///< index into `series`
    TimePoint start{};
    model::SketchLevel level = model::SketchLevel::five_minutes;
    std::size_t offset = 0, size = 0;  ///< in `bytes`
  };
  std::vector<model::SeriesKey> series;
  std::vector<Row> rows;  ///< in order of start
  std::string bytes;
  std::uint64_t settled_through = 0;  ///< they hold the samples of all batches up to it, and of no later one

  std::string_view sketch(const Row& row) const {
    return std::string_view(bytes).substr(row.offset, row.size);
  }
  void add(std::uint32_t of, TimePoint start, model::SketchLevel level, std::string_view sketch) {
    rows.push_back({of, start, level, bytes.size(), sketch.size()});
    bytes.append(sketch);
  }
};

/// Which changes of BGP sessions: with peers in `peers`, from <= at < to, and of each session the last one
/// before `from`.
struct SessionQuery {
  net::Prefix peers;
  TimePoint from, to;
};
/// What was known when the store was written last.
struct KnownSessions {
  std::optional<TimePoint> until;            ///< absent: nothing was ever written
  std::vector<model::SessionChange> latest;  ///< of each session
};

/// Blocking and thread-safe; called from workers and writers only. Errors: `conflict`, `out_of_space`, `io`,
/// `corrupt`.
class TelemetryStore {
 public:
  virtual ~TelemetryStore() = default;

  /// Durable when it returns. An event that is stored already, to the last field, is not stored again.
  virtual Result<void> append(const EventCommit& commit) = 0;
  virtual Result<EventPage> events(const EventQuery& query) = 0;
  virtual Result<std::optional<model::Event>> event(const model::EventId& id) = 0;
  /// Up to `limit` stored after `sequence`, in order of storing. Versions older than the last `expire` are
  /// gone, also those of open events.
  virtual Result<std::vector<StoredEvent>> events_after(std::uint64_t sequence, std::size_t limit) = 0;
  /// The sequence of the latest stored event, 0 for none.
  virtual Result<std::uint64_t> last_event_sequence() = 0;
  /// Every event that is open, of all connections: what the detectors must know after a restart.
  virtual Result<std::vector<model::Event>> open_events() = 0;
  /// Of every prefix that has events of the kind, the one that began last, in order of its resource. Costs as
  /// much as there are prefixes with events.
  virtual Result<std::vector<model::Event>> latest_events(model::EventKind kind) = 0;

  virtual Result<std::optional<model::Alert>> alert(std::string_view id) = 0;
  /// Newest first. `scope`: a connection, a resource group or a subscription; empty: all.
  virtual Result<std::vector<model::Alert>> alerts(std::string_view scope, std::size_t limit) = 0;
  /// Deliveries that are due at `now`, oldest due first.
  virtual Result<std::vector<model::Delivery>> due(TimePoint now, std::size_t limit) = 0;
  /// Removes what was delivered (or given up) and stores what was postponed, atomically.
  virtual Result<void> settle_deliveries(std::span<const std::string> done,
                                         std::span<const model::Delivery> postponed) = 0;

  /// Makes a batch durable; `conflict` when its idempotency key came with another body before. Idempotency
  /// keys are remembered for at least 24 hours.
  virtual Result<Accepted> accept(const model::SampleBatch& batch, std::string_view answer) = 0;
  /// Batches accepted but not settled, in order: replayed at start.
  virtual Result<std::vector<PendingBatch>> pending(std::uint64_t after, std::size_t limit) = 0;
  /// Adds sketches of five-minute bins to those that are stored and takes pending batches up to `through`
  /// out, atomically; does nothing when it was called with as high a `through` before. `through` is the
  /// sequence of an accepted batch; the sketches must hold the samples of all from the last one to it, so no
  /// accept may be under way when it is chosen (`latency/recorder.h` does this). An accept that starts after
  /// another has returned gets a higher sequence. Sketches of days whose five-minute bins are dropped are
  /// added to the coarser ones.
  virtual Result<void> settle(const model::SketchBatch& added, std::uint64_t through) = 0;
  virtual Result<Sketches> sketches(const SketchQuery& query) = 0;
  /// Makes coarser sketches of days (UTC) that end at `before` or earlier and were settled into since the
  /// last time; of up to `limit` days of prefixes. Returns of how many; 0: nothing is left to do. A day with
  /// a damaged sketch is logged and left as it is.
  virtual Result<std::size_t> roll_up(TimePoint before, std::size_t limit) = 0;
  /// Drops sketches of each level of days before the given times, after what is due of them was rolled up.
  virtual Result<void> expire_sketches(const model::OfLevels<TimePoint>& before) = 0;
  /// Durable when it returns, all or nothing. A stored change of the same session and time is replaced.
  /// `until`: up to when the changes are all there were; it never goes back.
  virtual Result<void> append_session_changes(std::span<const model::SessionChange> changes,
                                              TimePoint until) = 0;
  /// In order of address, router, distinguisher and time.
  virtual Result<std::vector<model::SessionChange>> session_changes(const SessionQuery& query) = 0;
  virtual Result<KnownSessions> known_sessions() = 0;
  /// Drops events (by last_seen) and alerts (by resolved) that are over, and changes of sessions, older than
  /// `before`; and idempotency keys of old. What is open stays, and of each session the last change before
  /// it.
  virtual Result<void> expire(TimePoint before) = 0;
};

}  // namespace peering::store
