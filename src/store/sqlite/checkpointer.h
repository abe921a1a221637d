// Moves what was committed from SQLite's write-ahead log into the database file, beside the writer.
//
// SQLite itself does that within the commit that makes the log long: some client then waits for a thousand
// pages to be written and synced, which at a million resources is one registration in a hundred. Here a
// thread with a connection of its own does it while commits go on behind. Since it never quite reaches the
// end of a log that grows meanwhile, and only a log that was moved wholly begins anew, the writer moves the
// short rest itself when the log has become long.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <thread>

#include "store/sqlite/database.h"

namespace peering::store::sqlite {

/// One thread; runs from construction to destruction. Must end before the writer.
class Checkpointer {
 public:
  /// `writer` commits on one thread only; `own` is another connection to the same file.
  Checkpointer(Database& writer, Database own);
  ~Checkpointer();
  Checkpointer(const Checkpointer&) = delete;
  Checkpointer& operator=(const Checkpointer&) = delete;

 private:
  void committed(std::size_t log_pages);
  void run();

  Database& writer_;
  Database own_;
  // Of the writer's thread: how long the log was when its moving was last asked for, and last finished.
  std::size_t asked_at_ = 0, finished_at_ = 0;
  std::mutex mutex_;
  std::condition_variable asked_;
  bool wanted_ = false, stopping_ = false;
  std::thread thread_;
};

}  // namespace peering::store::sqlite
