#include "latency/recorder.h"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <tuple>
#include <utility>

#include "base/log.h"

namespace peering::latency {

namespace {

using BinKey = std::tuple<TimePoint, model::SeriesKey, model::SketchLevel>;

BinKey key_of(const SeriesBin& bin) { return {bin.start, *bin.series, bin.level}; }

// Adds each bin to that of the same key in `bins`, which are in order of start, or inserts it.
void add_to(std::vector<SeriesBin>& bins, std::vector<SeriesBin> added) {
  if (added.empty()) return;
  // Mostly the latest ones, of very many.
  const TimePoint first = std::ranges::min(added, {}, &SeriesBin::start).start;
  std::map<BinKey, std::size_t> places;
  for (auto at = std::ranges::lower_bound(bins, first, {}, &SeriesBin::start); at != bins.end(); ++at)
    places.emplace(key_of(*at), at - bins.begin());
  for (SeriesBin& each : added) {
    const auto [place, is_new] = places.try_emplace(key_of(each), bins.size());
    if (is_new) {
      bins.push_back(std::move(each));
    } else {
      bins[place->second].sketch.merge(each.sketch);
    }
  }
  std::ranges::stable_sort(bins, {}, &SeriesBin::start);
}

}  // namespace

Recorder::Recorder(SampleLog& log, Metrics& metrics, RecorderLimits limits)
    : log_(log),
      limits_(limits),
      samples_(metrics.counter("peering_latency_samples_recorded_total", "Samples made durable.")),
      settles_(metrics.counter("peering_latency_settles_total", "Times that sketches were stored.")),
      settle_failures_(metrics.counter("peering_latency_settle_failures_total",
                                       "Times that sketches could not be stored.")),
      open_windows_(metrics.gauge("peering_latency_open_windows", "Sketches in memory, not stored yet.")) {}

Recorder::~Recorder() {
  settler_.request_stop();
  if (settler_.joinable()) settler_.join();
}

Result<void> Recorder::recover() {
  constexpr std::size_t batches_at_once = 16;
  while (true) {
    auto pending = log_.pending(fresh_through_, batches_at_once);
    if (!pending) return tl::unexpected(pending.error());
    if (pending->empty()) break;
    for (const PendingSamples& each : *pending) {
      const std::lock_guard lock(mutex_);
      fresh_->add(each.batch);
      fresh_through_ = each.sequence;
    }
    if (is_full()) {
      if (auto settled = settle(); !settled) return settled;
    }
  }
  recovered_ = true;
  return {};
}

bool Recorder::is_full() const {
  const std::lock_guard lock(mutex_);
  return fresh_->size() >= limits_.windows_max;
}

Result<LoggedBatch> Recorder::accept(const model::SampleBatch& batch, std::string_view answer) {
  if (!recovered_) return fail(ErrorCode::unavailable, "latency samples are still being recovered");
  if (batch.samples.empty() && batch.idempotency_key.empty())
    return LoggedBatch{false, std::string(answer), 0};
  if (is_full()) {
    if (auto settled = settle(); !settled) return tl::unexpected(settled.error());
  }
  const Gate::Pass pass(gate_);
  auto logged = log_.accept(batch, answer);
  if (!logged || logged->duplicate) return logged;
  samples_.add(static_cast<double>(batch.samples.size()));
  // Nobody takes it away while the gate is passed.
  fresh_->add(batch);
  const std::lock_guard lock(mutex_);
  fresh_through_ = std::max(fresh_through_, logged->sequence);
  open_windows_.set(static_cast<double>(fresh_->size()));
  return logged;
}

Result<void> Recorder::settle() {
  const std::lock_guard one_at_a_time(settle_mutex_);
  // What an earlier call could not write comes first.
  auto done = write_settling();
  if (done) {
    take_fresh();
    done = write_settling();
  }
  if (!done) settle_failures_.add();
  return done;
}

void Recorder::take_fresh() {
  const Gate::Closure nobody_between_log_and_memory(gate_);
  const std::lock_guard lock(mutex_);
  if (fresh_->empty() && fresh_through_ == settled_through_) return;
  settling_ = std::exchange(fresh_, std::make_shared<Windows>());
  settling_through_ = fresh_through_;
  open_windows_.set(0);
}

// Only the settling thread changes `settling_`, so that reading it here needs no lock.
Result<void> Recorder::write_settling() {
  if (!settling_) return {};
  const model::SketchBatch added = settling_->all();
  if (auto written = log_.settle(added, settling_through_); !written) return written;
  settles_.add();
  if (settled_) settled_(added);
  // It is freed after the lock.
  std::shared_ptr<const Windows> written_ones;
  const std::lock_guard lock(mutex_);
  written_ones = std::exchange(settling_, nullptr);
  settled_through_ = settling_through_;
  return {};
}

Result<std::vector<SeriesBin>> Recorder::bins(const BinQuery& query) {
  if (!recovered_) return fail(ErrorCode::unavailable, "latency samples are still being recovered");
  View in_memory = view(query);
  auto stored = log_.bins(query);
  if (!stored) return tl::unexpected(stored.error());
  return combine(std::move(*stored), std::move(in_memory));
}

Recorder::View Recorder::view(const BinQuery& query) const {
  const std::lock_guard lock(mutex_);
  View out{{}, fresh_->matching(query), settling_through_, fresh_through_};
  if (settling_) out.settling = settling_->matching(query);
  return out;
}

// Sketches in memory go to the store whole, so that each part is stored to the last batch or not at all.
std::vector<SeriesBin> Recorder::combine(LoggedBins stored, View in_memory) {
  if (stored.settled_through < in_memory.settling_through) add_to(stored.bins, std::move(in_memory.settling));
  if (stored.settled_through < in_memory.fresh_through) add_to(stored.bins, std::move(in_memory.fresh));
  return std::move(stored.bins);
}

void Recorder::start(std::chrono::milliseconds interval) {
  settler_ = std::jthread([this, interval](const std::stop_token& stopping) {
    std::mutex waiting_mutex;
    std::condition_variable_any wake;
    while (!stopping.stop_requested()) {
      std::unique_lock lock(waiting_mutex);
      wake.wait_for(lock, stopping, interval, [&] { return stopping.stop_requested(); });
      if (auto settled = settle(); !settled) {
        log::warning("latency sketches not stored, kept in memory: {}", settled.error().message);
      }
    }
  });
}

void Recorder::stop() {
  settler_.request_stop();
  if (settler_.joinable()) settler_.join();
  if (!recovered_) return;
  if (auto settled = settle(); !settled) {
    log::warning("latency sketches not stored; they are pending until the next start: {}",
                 settled.error().message);
  }
}

}  // namespace peering::latency
