// What is left to do of deletions of large subtrees.
//
// To remove a hundred thousand rows takes seconds, in which nobody else could commit. So a commit that
// deletes a large subtree only writes down that everything below is doomed: from then on no reader sees it,
// and nobody can write it. A thread then removes the rows some hundred at a time, each piece a commit among
// those of others, with the entries for the log. What a process left is taken up by the next one.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "store/sqlite/commit_queue.h"
#include "store/sqlite/database.h"

namespace peering::store::sqlite {

/// Everything that is doomed, the earliest deletion first.
Result<std::vector<Doomed>> read_doomed(Database& database);

/// One thread; runs from construction to `stop`. Thread-safe.
class Deletions {
 public:
  /// Commits a piece and waits for it.
  using CommitPiece = std::function<Result<Revision>(Purge)>;

  /// `own` is a connection of nobody else.
  Deletions(Database own, CommitPiece commit, Trace trace);
  ~Deletions();
  Deletions(const Deletions&) = delete;
  Deletions& operator=(const Deletions&) = delete;

  /// The commit of this revision doomed something. Tells `done` the revision of the last piece after it; must
  /// not be called twice with one revision.
  void when_removed(Revision revision, ResourceStore::Committed done);
  /// Ends after the piece under way. Tells whoever waits that his deletion is done, as it is for readers.
  void stop();

 private:
  void run();
  Result<void> remove_doomed();
  Result<Revision> remove(const Doomed& doomed);
  Result<Purge> next_piece(const Doomed& doomed, const std::string& after);
  void tell(Revision deletion, Revision last);
  bool is_stopping();

  Database own_;
  const CommitPiece commit_;
  const Trace trace_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool wanted_ = true, stopping_ = false;
  std::map<Revision, ResourceStore::Committed> waiting_;  // by the revision of the deletion
  std::thread thread_;
};

}  // namespace peering::store::sqlite
