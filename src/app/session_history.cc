#include "app/session_history.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <tuple>

#include "base/log.h"

namespace peering::app {

namespace {

constexpr std::chrono::milliseconds round_period{250};
// How much of what was known is lost with a crash.
constexpr std::chrono::seconds mark_period{30};
// While the store takes nothing, the rest waits where it is bounded.
constexpr std::size_t waiting_max = 10'000;

using ChangeKey = std::tuple<net::Address, std::string, std::uint64_t>;
ChangeKey key_of(const model::SessionChange& change) {
  return {change.peer_address, change.router, change.distinguisher};
}

}  // namespace

struct SessionHistory::State {
  State(store::TelemetryStore& given_store, std::function<std::vector<model::SessionChange>()> given_take)
      : store(given_store), take(std::move(given_take)) {}

  store::TelemetryStore& store;
  const std::function<std::vector<model::SessionChange>()> take;
  std::map<ChangeKey, TimePoint> last;  // change of each session
  std::map<ChangeKey, TimePoint> ends;  // of what the last process knew; nothing was told since
  std::vector<model::SessionChange> waiting;
  TimePoint marked{};
  bool failing = false;
  std::mutex mutex;
  std::condition_variable changed;
  bool stopping = false;
  std::thread thread;

  // A router's clock may be wrong or say nothing: a session's changes keep their order, and none lies ahead.
  void place(model::SessionChange& change, TimePoint at) {
    const ChangeKey key = key_of(change);
    const auto [found, fresh] = last.try_emplace(key, change.at);
    const auto end = ends.find(key);
    // Up since before the last process ended: it takes the place of that end.
    const bool went_on = end != ends.end() && change.state == model::SessionState::established;
    const TimePoint earliest =
        fresh ? std::min(change.at, at) : found->second + Microseconds(went_on ? 0 : 1);
    if (end != ends.end()) ends.erase(end);
    change.at = std::max(earliest, std::min(change.at, at));
    found->second = change.at;
  }
};

SessionHistory::SessionHistory(store::TelemetryStore& store,
                               std::function<std::vector<model::SessionChange>()> take)
    : state_(std::make_unique<State>(store, std::move(take))) {}
SessionHistory::~SessionHistory() { stop(); }

Result<void> SessionHistory::begin() {
  auto known = state_->store.known_sessions();
  if (!known) return tl::unexpected(known.error());
  std::vector<model::SessionChange> ends;
  for (model::SessionChange& each : known->latest) {
    state_->last[key_of(each)] = each.at;
    if (each.state == model::SessionState::unknown) continue;
    each.at = std::max(each.at + Microseconds(1), known->until.value_or(each.at));
    each.state = model::SessionState::unknown;
    state_->last[key_of(each)] = state_->ends[key_of(each)] = each.at;
    ends.push_back(std::move(each));
  }
  if (ends.empty()) return {};
  return state_->store.append_session_changes(ends, ends.front().at);
}

void SessionHistory::start() {
  state_->thread = std::thread([this] {
    std::unique_lock lock(state_->mutex);
    while (!state_->changed.wait_for(lock, round_period, [&] { return state_->stopping; })) {
      lock.unlock();
      round(now());
      lock.lock();
    }
  });
}

void SessionHistory::stop() {
  {
    const std::lock_guard lock(state_->mutex);
    if (std::exchange(state_->stopping, true)) return;
  }
  state_->changed.notify_all();
  if (!state_->thread.joinable()) return;
  state_->thread.join();
  state_->marked = {};
  round(now());
}

void SessionHistory::round(TimePoint at) {
  if (state_->waiting.size() < waiting_max) {
    for (model::SessionChange& each : state_->take()) {
      state_->place(each, at);
      state_->waiting.push_back(std::move(each));
    }
  }
  if (state_->last.empty()) return;
  if (state_->waiting.empty() && at - state_->marked < mark_period) return;
  const auto written = state_->store.append_session_changes(state_->waiting, at);
  if (!written && !std::exchange(state_->failing, true)) {
    log::error("the history of BGP sessions cannot be written: {}", written.error().message);
  }
  if (!written) return;
  state_->failing = false;
  state_->waiting.clear();
  state_->marked = at;
}

}  // namespace peering::app
