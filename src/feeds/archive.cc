#include "feeds/archive.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "base/log.h"

namespace peering::feeds {

namespace {

constexpr std::chrono::milliseconds look_every{500};  // whether the stretch of time is over
constexpr std::chrono::seconds refused_pause{5};      // before the disk is asked again

Counter& bytes_counter(Metrics& metrics, const std::string& result) {
  return metrics.counter("peering_archive_bytes_total", "Bytes of MRT records for the archive, by their end.",
                         {{"result", result}});
}

}  // namespace

struct Archive::State {
  State(ArchiveSettings given, Metrics& registry)
      : settings(std::move(given)),
        writer(settings.files),
        written(bytes_counter(registry, "written")),
        dropped(bytes_counter(registry, "dropped")),
        healthy(registry.gauge("peering_archive_healthy", "1 while archived records reach the disk.", {})) {
    healthy.set(1);
  }

  struct Piece {
    TimePoint arrival;
    std::vector<std::uint8_t> records;
  };

  const ArchiveSettings settings;
  MrtWriter writer;  // the thread's
  Counter &written, &dropped;
  Gauge& healthy;

  mutable std::mutex mutex;
  std::condition_variable changed;
  std::deque<Piece> queue;
  std::size_t queued_bytes = 0;
  std::string trouble;
  bool stopping = false, overflowed = false;
  std::thread thread;

  void run() {
    std::unique_lock lock(mutex);
    while (true) {
      changed.wait_for(lock, look_every, [&] { return stopping || !queue.empty(); });
      if (stopping && queue.empty()) break;
      std::deque<Piece> taken = std::move(queue);
      queue.clear();
      lock.unlock();
      const bool well = write(taken);
      lock.lock();
      for (const Piece& piece : taken) queued_bytes -= piece.records.size();
      overflowed = false;
      if (!well) changed.wait_for(lock, refused_pause, [&] { return stopping; });
    }
    lock.unlock();
    if (const auto done = writer.finish(); !done) settle(done);
  }

  // False when the disk refused; what it refused is lost.
  bool write(const std::deque<Piece>& pieces) {
    for (const Piece& piece : pieces) {
      const auto done = writer.append(piece.arrival, piece.records);
      (done ? written : dropped).add(piece.records.size());
      if (!settle(done)) {
        drop_rest(pieces, &piece);
        return false;
      }
    }
    return settle(writer.tick(now()));
  }

  void drop_rest(const std::deque<Piece>& pieces, const Piece* refused) {
    bool after = false;
    for (const Piece& piece : pieces) {
      if (after) dropped.add(piece.records.size());
      after |= &piece == refused;
    }
  }

  bool settle(const Result<void>& done) {
    const std::lock_guard lock(mutex);
    healthy.set(done && !overflowed ? 1 : 0);
    const std::string before = std::exchange(trouble, done ? "" : done.error().message);
    if (!done && before != trouble) log::error("archive: {}", trouble);
    if (done && !before.empty()) log::info("archive: records reach the disk again");
    return done.has_value();
  }
};

Archive::Archive(ArchiveSettings settings, Metrics& metrics)
    : state_(std::make_unique<State>(std::move(settings), metrics)) {}
Archive::~Archive() { stop(); }

void Archive::start() {
  state_->thread = std::thread([state = state_.get()] { state->run(); });
}

void Archive::stop() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->changed.notify_all();
  if (state_->thread.joinable()) state_->thread.join();
}

void Archive::push(TimePoint arrival, std::vector<std::uint8_t> records) {
  State& s = *state_;
  {
    const std::lock_guard lock(s.mutex);
    if (s.stopping || s.queued_bytes + records.size() > s.settings.queue_bytes_max) {
      s.dropped.add(records.size());
      s.healthy.set(0);
      if (!s.stopping && !std::exchange(s.overflowed, true))
        log::error("archive: the disk is too slow, records are dropped");
      return;
    }
    s.queued_bytes += records.size();
    s.queue.push_back({arrival, std::move(records)});
  }
  s.changed.notify_one();
}

std::string Archive::trouble() const {
  const std::lock_guard lock(state_->mutex);
  if (!state_->trouble.empty()) return state_->trouble;
  return state_->overflowed ? "the disk is too slow: records are dropped" : "";
}

}  // namespace peering::feeds
