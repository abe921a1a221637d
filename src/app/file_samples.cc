#include "app/file_samples.h"

#include <algorithm>
#include <charconv>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <thread>
#include <utility>

#include "app/file_position.h"
#include "app/line_samples.h"
#include "app/source_settings.h"
#include "base/digest.h"
#include "base/log.h"
#include "feeds/followed_file.h"
#include "latency/lines.h"
#include "latency/tcpinfo_line.h"

namespace peering::app {

namespace {

using Clock = std::chrono::steady_clock;

// Chunks of one file before the others have their turn.
constexpr int chunks_at_once_max = 16;

struct FileMetrics {
  explicit FileMetrics(Metrics& metrics)
      : lines("peering_file_lines_total",
              "Lines of followed log files, by what became of them; unmatched: a client in no registered "
              "prefix.",
              "log files", metrics),
        bytes(metrics.counter("peering_file_bytes_total", "Bytes of followed log files that were read.")),
        renamed(turns(metrics, "renamed")),
        truncated(turns(metrics, "truncated")),
        lost(turns(metrics, "lost")),
        in_trouble(metrics.gauge("peering_files_in_trouble",
                                 "Followed log files that cannot be read, or whose samples not stored.")) {}

  static Counter& turns(Metrics& metrics, const char* how) {
    return metrics.counter("peering_file_rotations_total",
                           "Times that a followed log file began anew; lost: what was followed is gone.",
                           {{"how", how}});
  }

  LineCounters lines;
  Counter &bytes, &renamed, &truncated, &lost;
  Gauge& in_trouble;
};

// Where a step ends, kept by the store with its idempotency key.
std::string answer_of(const feeds::FileChunk& chunk) { return fmt::format("{} {}", chunk.end, chunk.check); }

Result<std::pair<std::uint64_t, std::uint16_t>> end_of(std::string_view answer) {
  std::uint64_t end = 0;
  std::uint16_t check = 0;
  const char* last = answer.data() + answer.size();
  const auto first = std::from_chars(answer.data(), last, end);
  if (first.ec == std::errc() && first.ptr != last) {
    const auto second = std::from_chars(first.ptr + 1, last, check);
    if (second.ec == std::errc() && second.ptr == last) return std::pair(end, check);
  }
  return fail(ErrorCode::corrupt, "the end of what was read of a log file is kept as '{}'", answer);
}

}  // namespace

// One file: its reader, and what was last written down of it.
struct FileSamplesFile {
  FileSamplesFile(FollowedLog given, const FileSamplesSettings& settings,
                  std::optional<feeds::FilePosition> remembered)
      : log(std::move(given)),
        written(remembered),
        reader(
            {.path = log.path, .from_beginning = log.from_beginning, .renamed_quiet = settings.renamed_quiet},
            std::move(remembered)) {}

  FollowedLog log;
  std::optional<feeds::FilePosition> written;
  Clock::time_point written_at{};
  feeds::FollowedFile reader;
  std::uint64_t renamed = 0, truncated = 0, lost = 0;  // as counted
  std::string trouble;
};

struct FileSamples::State {
  State(FileSamplesSettings given, FileSamplesServices used, Metrics& registry)
      : settings(std::move(given)),
        services(std::move(used)),
        metrics(registry),
        folder((std::filesystem::path(settings.data_dir) / "followed").string()) {}

  const FileSamplesSettings settings;
  const FileSamplesServices services;
  FileMetrics metrics;
  const std::string folder;
  std::vector<std::unique_ptr<FileSamplesFile>> files;  // of the thread, but for their troubles

  mutable std::mutex mutex;  // guards what follows, and troubles
  std::condition_variable changed;
  bool stopping = false;
  std::thread thread;

  bool is_stopping() const {
    const std::lock_guard lock(mutex);
    return stopping;
  }
  void set_trouble(FileSamplesFile& file, std::string trouble);
  Result<bool> step(FileSamplesFile& file);
  Result<void> remember(FileSamplesFile& file);
  Result<void> write_down(FileSamplesFile& file);
  LineBatch read(const FollowedLog& log, const feeds::FileChunk& chunk) const;
  void count_turns(FileSamplesFile& file);
  bool take_turns();
  void run();
};

void FileSamples::State::set_trouble(FileSamplesFile& file, std::string trouble) {
  const std::lock_guard lock(mutex);
  if (!trouble.empty() && file.trouble.empty()) log::warning("log files: {}", trouble);
  file.trouble = std::move(trouble);
}

// A new generation at once, other positions now and then; of those the store knows more.
Result<void> FileSamples::State::remember(FileSamplesFile& file) {
  const auto& position = file.reader.position();
  const bool known = !position || (file.written && file.written->generation == position->generation);
  if (known && Clock::now() - file.written_at < settings.position_every) return {};
  auto done = write_down(file);
  return known ? Result<void>{} : done;
}

Result<void> FileSamples::State::write_down(FileSamplesFile& file) {
  const auto& position = file.reader.position();
  if (!position || position == file.written) return {};
  if (auto done = write_position(folder, file.log.path, *position); !done) return done;
  file.written = position;
  file.written_at = Clock::now();
  return {};
}

LineBatch FileSamples::State::read(const FollowedLog& log, const feeds::FileChunk& chunk) const {
  latency::DecodedSamples decoded;
  latency::SampleRules rules{.now = now(), .accept_age = settings.accept_age};
  std::uint64_t no_round_trip = 0;
  const auto read_with = [&](auto reader) {
    latency::for_each_line(chunk.text, [&](std::string_view line) {
      if (latency::is_blank(line)) return;
      no_round_trip += reader->read(line, log.pop, log.source) == latency::LogLine::no_round_trip ? 1 : 0;
    });
  };
  if (log.format == LogFormat::json)
    read_with(std::make_unique<latency::LogLineReader>(rules, decoded, latency::Untimed::rejected));
  else
    read_with(std::make_unique<latency::TcpinfoLineReader>(rules, decoded, log.zone));
  decoded.rejected += chunk.lines_too_long;
  return batch_of_lines(std::move(decoded), no_round_trip, *services.registry());
}

// One chunk of a file; false: there is none now.
Result<bool> FileSamples::State::step(FileSamplesFile& file) {
  auto chunk = file.reader.next(Clock::now());
  count_turns(file);
  if (!chunk) return tl::unexpected(chunk.error());
  if (auto done = remember(file); !done) return tl::unexpected(done.error());
  if (!*chunk) return false;
  const feeds::FilePosition from = *file.reader.position();
  LineBatch lines = read(file.log, **chunk);
  // Clients of the API cannot name such a key: it has a control character.
  lines.batch.idempotency_key = fmt::format(
      "\x1f"
      "file {} {}",
      from.generation, from.offset);
  lines.batch.body_digest = to_hex(sha256(lines.batch.idempotency_key));
  const auto kept = services.accept_samples(lines.batch, answer_of(**chunk));
  if (!kept) return tl::unexpected(kept.error());
  std::pair end((*chunk)->end, (*chunk)->check);
  if (kept->duplicate) {
    const auto earlier = end_of(kept->answer);
    if (!earlier) return tl::unexpected(earlier.error());
    end = *earlier;
  } else {
    metrics.lines.count(lines);
    metrics.bytes.add(static_cast<double>((*chunk)->end - from.offset));
  }
  if (auto moved = file.reader.advance(end.first, end.second); !moved) return moved;
  count_turns(file);
  return true;
}

void FileSamples::State::count_turns(FileSamplesFile& file) {
  const auto count = [](Counter& counter, std::uint64_t& counted, std::uint64_t value) {
    if (value == counted) return false;
    counter.add(static_cast<double>(value - counted));
    counted = value;
    return true;
  };
  count(metrics.renamed, file.renamed, file.reader.renamed());
  count(metrics.truncated, file.truncated, file.reader.truncated());
  if (count(metrics.lost, file.lost, file.reader.lost())) {
    log::warning("log files: what was read of {} last is gone; another file is there now", file.log.path);
  }
}

// Whether a file may have more.
bool FileSamples::State::take_turns() {
  bool more = false;
  for (const auto& file : files) {
    for (int i = 0; i < chunks_at_once_max && !is_stopping(); ++i) {
      const auto done = step(*file);
      set_trouble(*file, done ? "" : done.error().message);
      if (!done || !*done) break;
      more = more || i + 1 == chunks_at_once_max;
    }
  }
  metrics.in_trouble.set(static_cast<double>(
      std::ranges::count_if(files, [](const auto& file) { return !file->trouble.empty(); })));
  return more;
}

void FileSamples::State::run() {
  while (!is_stopping()) {
    if (take_turns()) continue;
    std::unique_lock lock(mutex);
    changed.wait_for(lock, settings.look_every, [&] { return stopping; });
  }
  for (const auto& file : files) {
    if (auto done = write_down(*file); !done) log::warning("log files: {}", done.error().message);
  }
}

Result<FileSamplesSettings> file_samples_settings(const Configuration& configuration) {
  FileSamplesSettings out;
  out.data_dir = configuration.data_dir;
  out.accept_age = configuration.latency.accept_age;
  for (const LatencyFile& file : configuration.latency.files) {
    const auto same = [&](const FollowedLog& other) { return other.path == file.path; };
    if (std::ranges::any_of(out.logs, same)) {
      return fail(ErrorCode::invalid_argument, "latency.files.path: {} stands there twice", file.path);
    }
    auto zone = model::TimeZone::find(file.time_zone);
    if (!zone) return tl::unexpected(zone.error());
    const std::string pop = pop_or_only(configuration, file.pop);
    const bool traffic_server = file.format == "trafficserver";
    if (traffic_server && pop.empty()) {
      return fail(ErrorCode::invalid_argument,
                  "latency.files.pop: {} needs a PoP: its lines name none, and network.pops is not one",
                  file.path);
    }
    const std::string name = std::filesystem::path(file.path).filename().string();
    out.logs.push_back({file.path, traffic_server ? LogFormat::trafficserver : LogFormat::json, pop,
                        file.source.empty() ? name : file.source, *zone, file.from_beginning});
  }
  return out;
}

FileSamples::FileSamples(FileSamplesSettings settings, FileSamplesServices services, Metrics& metrics)
    : state_(std::make_unique<State>(std::move(settings), std::move(services), metrics)) {}
FileSamples::~FileSamples() { stop(); }

Result<void> FileSamples::start() {
  State& s = *state_;
  for (const FollowedLog& log : s.settings.logs) {
    auto remembered = read_position(s.folder, log.path);
    if (!remembered) return tl::unexpected(remembered.error());
    s.files.push_back(std::make_unique<FileSamplesFile>(log, s.settings, std::move(*remembered)));
  }
  s.thread = std::thread([state = &s] { state->run(); });
  return {};
}

void FileSamples::stop() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->changed.notify_all();
  if (state_->thread.joinable()) state_->thread.join();
}

std::vector<std::string> FileSamples::troubles() const {
  const std::lock_guard lock(state_->mutex);
  std::vector<std::string> out;
  for (const auto& file : state_->files) {
    if (!file->trouble.empty()) out.push_back("latency.files: " + file->trouble);
  }
  return out;
}

}  // namespace peering::app
