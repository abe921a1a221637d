#include "app/log_samples.h"

#include <chrono>
#include <utility>

#include "base/log.h"
#include "latency/log_line.h"
#include "latency/match.h"

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

struct LineCounters {
  explicit LineCounters(Metrics& metrics)
      : samples(of(metrics, "sample")),
        unmatched(of(metrics, "unmatched")),
        no_round_trip(of(metrics, "no_round_trip")),
        rejected(of(metrics, "rejected")) {}

  static Counter& of(Metrics& metrics, const char* result) {
    return metrics.counter(
        "peering_syslog_lines_total",
        "Lines of access logs, by what became of them; unmatched: a client in no registered "
        "prefix.",
        {{"result", result}});
  }

  Counter &samples, &unmatched, &no_round_trip, &rejected;
};

}  // namespace

LogSamplesSettings log_samples_settings(const Configuration& configuration) {
  const auto& given = configuration.latency;
  const auto& pops = configuration.network.pops;
  LogSamplesSettings out;
  out.listen = *http::parse_endpoint(given.syslog_listen);
  out.pop = given.syslog_pop.empty() && pops.size() == 1 ? pops.front().name : given.syslog_pop;
  out.accept_age = given.accept_age;
  out.connections_max = static_cast<std::size_t>(given.syslog_connections_max);
  return out;
}

struct LogSamples::State {
  State(LogSamplesSettings given, LogSamplesServices used, Metrics& metrics)
      : settings(std::move(given)),
        services(std::move(used)),
        counters(metrics),
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
  bool told = false;  // that lines are rejected, once a run of trouble
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
  for (const WaitingLine& line : lines) {
    rules.now = line.arrived;
    const auto what = reader.read(line.content, settings.pop, line.host);
    if (what == latency::LogLine::no_round_trip) counters.no_round_trip.add();
    if (what == latency::LogLine::rejected) counters.rejected.add();
  }
  if (!decoded.rejections.empty() && !std::exchange(told, true)) {
    const latency::Rejection& first = decoded.rejections.front();
    log::warning("syslog: lines are rejected; the first: {} '{}': {}", first.field, first.value, first.rule);
  } else if (decoded.rejections.empty()) {
    told = false;
  }
  latency::MatchedSamples matched = latency::match_samples(decoded, *services.registry());
  counters.unmatched.add(static_cast<double>(matched.unmatched));
  counters.samples.add(static_cast<double>(decoded.samples.size() - matched.unmatched));
  return std::move(matched.batch);
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

}  // namespace peering::app
