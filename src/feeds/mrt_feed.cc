#include "feeds/mrt_feed.h"

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

#include <fnmatch.h>

#include "base/log.h"
#include "feeds/mrt_conversation.h"
#include "feeds/mrt_file.h"
#include "feeds/shard_router.h"

namespace peering::feeds {

namespace {

namespace fs = std::filesystem;
constexpr std::chrono::milliseconds full_pause_first{1}, full_pause_longest{50};
constexpr std::size_t pace_records = 64;  // between two looks at the clock
constexpr std::size_t held_messages_max = 1024;

bool is_pattern(const std::string& name) { return name.find_first_of("*?[") != std::string::npos; }

}  // namespace

struct MrtFeed::State {
  State(MrtSettings given, PeerRegistry& peers, ShardSink& shards, Metrics& registry)
      : settings(std::move(given)),
        metrics(registry),
        conversation(settings.collector, peers, metrics),
        router(shards) {}

  const MrtSettings settings;
  MrtMetrics metrics;
  MrtConversation conversation;
  ShardRouter router;

  std::mutex mutex;
  std::condition_variable changed;
  bool stopping = false;
  std::atomic<bool> is_idle{false};
  std::thread thread;

  // Used by the thread only.
  std::set<fs::path> played;
  std::map<fs::path, std::uintmax_t> sizes;  // at the last look
  bool complained = false;

  // False when stopped.
  bool pause(std::chrono::steady_clock::duration time) {
    std::unique_lock lock(mutex);
    return !changed.wait_for(lock, time, [&] { return stopping; });
  }
  bool is_stopping() {
    const std::lock_guard lock(mutex);
    return stopping;
  }

  void run() {
    while (true) {
      std::error_code failure;
      const bool one_file = fs::is_regular_file(settings.path, failure);
      const auto files = one_file ? std::vector{settings.path} : look();
      for (const fs::path& file : files) {
        is_idle = false;
        if (!play(file)) return;
        played.insert(file);
      }
      if (files.empty() || one_file) is_idle = true;
      if (one_file || !pause(settings.look_every)) return;
    }
  }

  // Files of the folder that are complete and were not played, in order of their names.
  std::vector<fs::path> look() {
    const std::string last = settings.path.filename().string();
    const fs::path folder = is_pattern(last) ? settings.path.parent_path() : settings.path;
    std::error_code failure;
    std::set<fs::path> found;
    for (fs::directory_iterator at(folder, failure), end; !failure && at != end; at.increment(failure)) {
      const std::string name = at->path().filename().string();
      std::error_code ignored;
      if (name.starts_with(".") || !at->is_regular_file(ignored)) continue;
      if (is_pattern(last) && ::fnmatch(last.c_str(), name.c_str(), 0) != 0) continue;
      if (!played.contains(at->path()) && is_complete(at->path())) found.insert(at->path());
    }
    if (failure && !complained) log::error("MRT folder {}: {}", folder.string(), failure.message());
    complained = static_cast<bool>(failure);
    return {found.begin(), found.end()};
  }

  // Written long enough ago, or not grown since the last look.
  bool is_complete(const fs::path& file) {
    std::error_code failure;
    const std::uintmax_t size = fs::file_size(file, failure);
    const auto written = fs::last_write_time(file, failure);
    if (failure) return false;
    const auto before = sizes.find(file);
    const bool still = before != sizes.end() && before->second == size;
    sizes[file] = size;
    return still || fs::file_time_type::clock::now() - written > 2 * settings.look_every;
  }

  // False when stopped in the middle.
  bool play(const fs::path& path) {
    auto file = MrtFile::open(path.string());
    if (!file) {
      metrics.damaged_files.add();
      log::error("MRT file {}: {}", path.string(), file.error().message);
      return !is_stopping();
    }
    log::info("MRT file {}: playing", path.string());
    const auto begin = std::chrono::steady_clock::now();
    wire::mrt::Record record;
    std::vector<ShardMessage> messages;
    while (true) {
      const auto more = file->next(record);
      if (!more) {
        if (!hand_on(messages)) return false;
        metrics.damaged_files.add();
        log::error("MRT file {}: ended after {} records: {}", path.string(), file->records(),
                   more.error().message);
        return !is_stopping();
      }
      if (!*more) break;
      if (const auto& gap = file->gap()) {
        metrics.malformed.add();
        log::warning("MRT file {}: offset {}: {} bytes skipped: {}", path.string(), gap->offset, gap->bytes,
                     gap->reason);
      }
      conversation.take(record, messages);
      const bool looks = file->records() % pace_records == 0;
      const bool paced = looks && settings.records_per_second_max > 0;
      const bool full =
          messages.size() >= held_messages_max || held_bytes(messages) >= ShardRouter::held_bytes_max;
      if ((full || paced) && !hand_on(messages)) return false;
      if (looks && !keep_pace(file->records(), begin)) return false;
    }
    if (!hand_on(messages)) return false;
    metrics.files.add();
    log::info("MRT file {}: {} records", path.string(), file->records());
    return !is_stopping();
  }

  // Waits until the shards took everything; false when stopped.
  bool hand_on(std::vector<ShardMessage>& messages) {
    if (router.push(messages)) return true;
    metrics.waits.add();
    for (auto wait = full_pause_first; !router.drain(); wait = std::min(wait * 2, full_pause_longest)) {
      if (!pause(wait)) return false;
    }
    return true;
  }

  bool keep_pace(std::uint64_t records, std::chrono::steady_clock::time_point begin) {
    if (settings.records_per_second_max == 0) return !is_stopping();
    const double due_s = static_cast<double>(records) / static_cast<double>(settings.records_per_second_max);
    const auto due = begin + std::chrono::duration_cast<std::chrono::steady_clock::duration>(
                                 std::chrono::duration<double>(due_s));
    return pause(
        std::max(due - std::chrono::steady_clock::now(), std::chrono::steady_clock::duration::zero()));
  }
};

MrtFeed::MrtFeed(MrtSettings settings, PeerRegistry& peers, ShardSink& shards, Metrics& metrics)
    : state_(std::make_unique<State>(std::move(settings), peers, shards, metrics)) {}
MrtFeed::~MrtFeed() { stop(); }

void MrtFeed::start() {
  state_->thread = std::thread([state = state_.get()] { state->run(); });
}

void MrtFeed::stop() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->changed.notify_all();
  if (state_->thread.joinable()) state_->thread.join();
}

bool MrtFeed::idle() const { return state_->is_idle; }

}  // namespace peering::feeds
