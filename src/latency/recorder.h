// The heart of latency: every accepted sample is counted exactly once, whatever crashes when.
//
// A batch is first made durable in the log ("pending"), then added to sketches in memory: that is the
// acknowledgement. From time to time `settle` has the sketches in memory added to the stored ones, while the
// pending batches that they contain are dropped, in one atomic write. After a crash `recover` adds what is
// still pending. So at every moment the stored sketches plus the pending batches are every accepted sample,
// once.
//
// Two things make this exact:
// - Settling needs the sketches of precisely the batches up to a sequence. A gate stops newcomers and waits
//   for those between log and memory; then the sketches are taken away, whole, and the gate opens again. Only
//   this moment is exclusive; writing goes on beside new samples.
// - A reader needs stored sketches and those in memory from one moment. It copies what is in memory first,
//   and then reads the store, which says up to which batch it holds the samples: of the copies it adds what
//   came after that. A failed write (full disk) is repeated unchanged until it succeeds.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string_view>
#include <thread>
#include <vector>

#include "base/metrics.h"
#include "latency/gate.h"
#include "latency/sample_log.h"
#include "latency/windows.h"

namespace peering::latency {

struct RecorderLimits {
  /// Sketches in memory that are not stored yet; with more, `accept` settles first.
  std::size_t windows_max = 200'000;
};

/// Thread-safe. `log` and `metrics` must outlive it.
class Recorder {
 public:
  Recorder(SampleLog& log, Metrics& metrics, RecorderLimits limits = {});
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  /// Adds what was accepted before a crash. Must succeed before anything is accepted or asked.
  Result<void> recover();

  /// Durable when it returns, and in every answer of `bins` from then on. `answer` is kept with the
  /// idempotency key. Errors of the log; nothing is partly accepted. `unavailable` before `recover`.
  Result<LoggedBatch> accept(const model::SampleBatch& batch, std::string_view answer);

  /// Stored and not yet stored samples together; each accepted sample once. In order of start.
  Result<std::vector<SeriesBin>> bins(const BinQuery& query);

  /// Stores what is in memory. Called from time to time, by `start`'s thread or by hand.
  Result<void> settle();

  /// Told of the sketches that were added to stored bins, on the thread that settles. Set it before `start`.
  using Settled = std::function<void(const model::SketchBatch&)>;
  void on_settled(Settled settled) { settled_ = std::move(settled); }

  /// Settles every `interval` on a thread of its own until `stop`.
  void start(std::chrono::milliseconds interval);
  /// Ends the thread and settles a last time. Idempotent.
  void stop();

 private:
  // What is in memory, and the highest sequence in each part.
  struct View {
    std::vector<SeriesBin> settling, fresh;
    std::uint64_t settling_through = 0, fresh_through = 0;
  };

  bool is_full() const;
  void take_fresh();
  Result<void> write_settling();
  View view(const BinQuery& query) const;
  static std::vector<SeriesBin> combine(LoggedBins stored, View in_memory);

  SampleLog& log_;
  const RecorderLimits limits_;
  Counter& samples_;
  Counter& settles_;
  Counter& settle_failures_;
  Gauge& open_windows_;

  std::atomic<bool> recovered_ = false;
  Gate gate_;                 // inside: between the log and memory
  std::mutex settle_mutex_;   // one settles at a time
  mutable std::mutex mutex_;  // guards what follows, but not what is in `fresh_`
  std::shared_ptr<Windows> fresh_ = std::make_shared<Windows>();  // replaced only while the gate is closed
  std::uint64_t fresh_through_ = 0;          // the highest sequence in `fresh_` or before
  std::shared_ptr<const Windows> settling_;  // taken away, maybe not stored yet; null: nothing is
  std::uint64_t settling_through_ = 0;
  std::uint64_t settled_through_ = 0;

  Settled settled_;
  std::jthread settler_;
};

}  // namespace peering::latency
