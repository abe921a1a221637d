#include "latency/recorder.h"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <tuple>

#include "base/log.h"

namespace peering::latency {

namespace {

using BinKey = std::tuple<TimePoint, model::SeriesKey, model::SketchLevel>;

BinKey key_of(SeriesBin& bin) { return {bin.start, std::move(bin.series), bin.level}; }

// As the store keeps them, so that looking them up and writing them goes through it once.
std::vector<SeriesBin> in_order_of_rows(std::vector<SeriesBin> bins) {
  std::ranges::sort(bins, {}, [](const SeriesBin& bin) {
    return std::tie(bin.series.prefix_resource, bin.start, bin.series.client, bin.series.kind,
                    bin.series.pop);
  });
  return bins;
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
      fresh_.add(each.batch);
      fresh_through_ = each.sequence;
    }
    if (fresh_.size() >= limits_.windows_max) {
      if (auto settled = settle(); !settled) return settled;
    }
  }
  recovered_ = true;
  return {};
}

Result<LoggedBatch> Recorder::accept(const model::SampleBatch& batch, std::string_view answer) {
  if (!recovered_) return fail(ErrorCode::unavailable, "latency samples are still being recovered");
  if (batch.samples.empty() && batch.idempotency_key.empty())
    return LoggedBatch{false, std::string(answer), 0};
  if (fresh_.size() >= limits_.windows_max) {
    if (auto settled = settle(); !settled) return tl::unexpected(settled.error());
  }
  const Gate::Pass pass(gate_);
  auto logged = log_.accept(batch, answer);
  if (!logged || logged->duplicate) return logged;
  samples_.add(static_cast<double>(batch.samples.size()));
  fresh_.add(batch);
  const std::lock_guard lock(mutex_);
  fresh_through_ = std::max(fresh_through_, logged->sequence);
  open_windows_.set(static_cast<double>(fresh_.size()));
  return logged;
}

Result<void> Recorder::settle() {
  const std::lock_guard one_at_a_time(settle_mutex_);
  // What an earlier call could not finish comes first.
  const bool unfinished = phase_ != Phase::idle;
  for (int round = unfinished ? 0 : 1; round < 2; ++round) {
    if (phase_ == Phase::idle) take_fresh();
    Result<void> done;
    if (phase_ == Phase::deltas) done = complete_totals();
    if (done && phase_ == Phase::totals) done = write_totals();
    if (!done) {
      settle_failures_.add();
      return done;
    }
  }
  return {};
}

void Recorder::take_fresh() {
  const Gate::Closure nobody_between_log_and_memory(gate_);
  const std::lock_guard lock(mutex_);
  if (fresh_.empty() && fresh_through_ == settled_through_) return;
  settling_ = fresh_.all();
  settling_through_ = fresh_through_;
  fresh_.clear();
  phase_ = Phase::deltas;
  open_windows_.set(0);
}

// Adds what is stored of the same bins. `settling_` is changed by the settling thread only, so that reading
// it here needs no lock; others copy it under the lock.
Result<void> Recorder::complete_totals() {
  totals_ = in_order_of_rows(settling_);
  for (SeriesBin& each : totals_) {
    const auto stored = log_.bin(each.series, each.start);
    if (!stored) return tl::unexpected(stored.error());
    if (*stored) each.sketch.merge(**stored);
  }
  phase_ = Phase::totals;
  return {};
}

Result<void> Recorder::write_totals() {
  if (auto written = log_.settle(totals_, settling_through_); !written) return written;
  settles_.add();
  if (settled_) settled_(totals_);
  totals_.clear();
  phase_ = Phase::idle;
  const std::lock_guard lock(mutex_);
  settling_.clear();
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
  View out{{}, fresh_.matching(query), settling_through_, fresh_through_};
  for (const SeriesBin& each : settling_) {
    const bool asked = each.series.prefix_resource == query.prefix_resource && each.start >= query.from &&
                       each.start < query.to;
    if (asked) out.settling.push_back(each);
  }
  return out;
}

// Sketches in memory go to the store whole, so that each part is stored to the last batch or not at all.
std::vector<SeriesBin> Recorder::combine(LoggedBins stored, View in_memory) {
  std::map<BinKey, sketch::LatencySketch> all;
  const auto add = [&](std::vector<SeriesBin>& bins) {
    for (SeriesBin& each : bins) {
      const auto [place, is_new] = all.try_emplace(key_of(each), std::move(each.sketch));
      if (!is_new) place->second.merge(each.sketch);
    }
  };
  add(stored.bins);
  if (stored.settled_through < in_memory.settling_through) add(in_memory.settling);
  if (stored.settled_through < in_memory.fresh_through) add(in_memory.fresh);
  std::vector<SeriesBin> out;
  out.reserve(all.size());
  for (auto& [key, sketch] : all) {
    out.push_back({std::get<1>(key), std::get<0>(key), std::move(sketch), std::get<2>(key)});
  }
  return out;
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
