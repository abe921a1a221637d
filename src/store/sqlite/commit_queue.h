// Group commit: whoever wants something written puts it here, and one thread writes what has gathered.
//
// A synced commit takes milliseconds, of which the writing is the smallest part, so that what arrives while
// one is under way shares the next. When a group is through, its clients come back all at once a moment
// later; to begin at once with the first of them would halve every group. So the thread waits until as many
// are there as took part before, at most half as long as the last commit took. A client that is alone never
// waits.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "store/resource_store.h"

namespace peering::store::sqlite {

/// The entries of one part of the log up to a place, that too.
struct LogCut {
  std::string root;
  LogPosition last;
};

/// A subtree that is gone for readers, and whose rows go piece by piece (deletions.h).
struct Doomed {
  std::string start;  ///< its key and "/"
  Revision revision;  ///< of its deletion: older rows go, younger ones are of somebody else
  TimePoint at{};
  std::string trace;
};

/// One piece of it.
struct Purge {
  struct Row {
    std::string key;
    std::optional<std::string> entry;  ///< for the log
  };
  Doomed of;
  std::vector<Row> rows;
  bool last = false;
};

/// What one caller wants committed.
struct CommitRequest {
  std::vector<Write> writes;
  ResourceStore::Committed done;
  std::optional<LogCut> cut;     ///< and dropped from the log
  std::optional<Purge> purge{};  ///< and removed
};

/// One thread; runs from construction to destruction, which commits what waits. Thread-safe.
class CommitQueue {
 public:
  /// Commits each request wholly or not at all; gives an outcome for each, durable when it returns. The
  /// writes are its own then.
  using CommitGroup = std::function<std::vector<Result<Revision>>(std::vector<CommitRequest>&)>;

  explicit CommitQueue(CommitGroup commit);
  ~CommitQueue();
  CommitQueue(const CommitQueue&) = delete;
  CommitQueue& operator=(const CommitQueue&) = delete;

  /// Waits while too many are waiting already.
  void push(CommitRequest request);

 private:
  using Clock = std::chrono::steady_clock;

  void run();
  std::vector<CommitRequest> take();

  const CommitGroup commit_;
  std::mutex mutex_;
  std::condition_variable arrived_, space_;
  std::vector<CommitRequest> waiting_;
  bool stopping_ = false;
  // Of the thread alone: how many to expect back, and until when.
  std::size_t expected_ = 0;
  Clock::time_point gather_until_{};
  std::thread thread_;
};

}  // namespace peering::store::sqlite
