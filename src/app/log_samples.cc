#include "app/log_samples.h"

#include <chrono>
#include <utility>

#include "app/line_samples.h"
#include "app/source_settings.h"
#include "base/log.h"
#include "latency/log_line.h"

namespace peering::app {

namespace {

constexpr std::chrono::milliseconds gather_time{200};
constexpr std::chrono::seconds store_retry{1};
// What a line costs beside its bytes.
constexpr std::size_t line_overhead_bytes = 2 * sizeof(std::string);

struct WaitingLine {
  std::string host, content;
  TimePoint arrived{};
};

}  // namespace

LogSamplesSettings log_samples_settings(const Configuration& configuration) {
  const auto& given = configuration.latency;
  LogSamplesSettings out;
  out.listen = *http::parse_endpoint(given.syslog_listen);
  out.pop = pop_or_only(configuration, given.syslog_pop);
  out.accept_age = given.accept_age;
  out.connections_max = static_cast<std::size_t>(given.syslog_connections_max);
  return out;
}

struct LogSamples::State {
  State(LogSamplesSettings given, LogSamplesServices used, Metrics& metrics)
      : settings(std::move(given)),
        services(std::move(used)),
        counters("peering_syslog_lines_total",
                 "Lines of access logs, by what became of them; unmatched: a client in no registered "
                 "prefix.",
                 "syslog", metrics),
        listener(
            {.connections_max = settings.connections_max},
            [this](std::string_view host, std::string_view content) { return take(host, content); },
            metrics) {}

  const LogSamplesSettings settings;
  const LogSamplesServices services;
  LineCounters counters;

  std::mutex mutex;  // guards what follows
  std::condition_variable changed;
  std::vector<WaitingLine> waiting;
  std::size_t waiting_bytes = 0;
  bool stopping = false;

  std::thread thread;
  feeds::SyslogListener listener;

  bool take(std::string_view host, std::string_view content);
  std::vector<WaitingLine> gather();
  model::SampleBatch read(const std::vector<WaitingLine>& lines);
  void store(const model::SampleBatch& batch);
  bool wait_to_retry();
  void run();
};

bool LogSamples::State::take(std::string_view host, std::string_view content) {
  const std::size_t bytes = host.size() + content.size() + line_overhead_bytes;
  const std::lock_guard lock(mutex);
  if (waiting_bytes + bytes > settings.waiting_bytes_max) return false;
  waiting_bytes += bytes;
  waiting.push_back({std::string(host), std::string(content), now()});
  if (waiting.size() == 1) changed.notify_all();
  return true;
}

// Lines of a moment together, as each batch is synced to disk; none when it is over.
std::vector<WaitingLine> LogSamples::State::gather() {
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return stopping || !waiting.empty(); });
  changed.wait_for(lock, gather_time, [&] { return stopping; });
  waiting_bytes = 0;
  return std::exchange(waiting, {});
}

model::SampleBatch LogSamples::State::read(const std::vector<WaitingLine>& lines) {
  latency::DecodedSamples decoded;
  latency::SampleRules rules;
  rules.accept_age = settings.accept_age;
  latency::LogLineReader reader(rules, decoded);
  std::uint64_t no_round_trip = 0;
  for (const WaitingLine& line : lines) {
    rules.now = line.arrived;
    const auto what = reader.read(line.content, settings.pop, line.host);
    if (what == latency::LogLine::no_round_trip) ++no_round_trip;
  }
  LineBatch out = batch_of_lines(std::move(decoded), no_round_trip, *services.registry());
  counters.count(out);
  return std::move(out.batch);
}

bool LogSamples::State::wait_to_retry() {
  std::unique_lock lock(mutex);
  return !changed.wait_for(lock, store_retry, [&] { return stopping; });
}

void LogSamples::State::store(const model::SampleBatch& batch) {
  if (batch.samples.empty()) return;
  bool failed = false;
  while (true) {
    const auto done = services.accept_samples(batch);
    if (done) return;
    if (!std::exchange(failed, true))
      log::error("samples of syslog cannot be stored: {}", done.error().message);
    if (wait_to_retry()) continue;
    if (services.accept_samples(batch)) return;
    log::error("{} samples of syslog are lost: they could not be stored before the end",
               batch.samples.size());
    return;
  }
}

void LogSamples::State::run() {
  while (true) {
    const auto lines = gather();
    if (lines.empty()) return;
    store(read(lines));
  }
}

LogSamples::LogSamples(LogSamplesSettings settings, LogSamplesServices services, Metrics& metrics)
    : state_(std::make_unique<State>(std::move(settings), std::move(services), metrics)) {}
LogSamples::~LogSamples() { stop(); }

Result<http::Endpoint> LogSamples::start() {
  auto bound = state_->listener.listen(state_->settings.listen);
  if (bound) state_->thread = std::thread([state = state_.get()] { state->run(); });
  return bound;
}

void LogSamples::stop() {
  state_->listener.stop();
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->changed.notify_all();
  if (state_->thread.joinable()) state_->thread.join();
}

std::vector<std::string> LogSamples::troubles() const {
  const std::uint64_t dropped = state_->listener.dropped_lately();
  if (dropped == 0) return {};
  return {
      fmt::format("latency.syslog: {} datagrams were dropped within 5 minutes, as more came than could be "
                  "taken; send by TCP, or fewer lines",
                  dropped)};
}

}  // namespace peering::app
