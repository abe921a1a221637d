#include "sim/simulator.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

#include "http/client.h"
#include "sim/bmp_link.h"
#include "sim/incident.h"
#include "sim/incident_files.h"
#include "sim/sample_post.h"
#include "sim/stop_flag.h"

namespace peering::sim {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

namespace {

constexpr std::size_t requests_waiting_max = 256;
// Routers get this long to reach the station before the play begins without them.
constexpr seconds connect_patience{10};

}  // namespace

struct Simulator::State {
  State(SimulatorOptions given, std::function<void(const std::string&)> say)
      : options(std::move(given)),
        world(options.incident ? make_world(*options.incident) : make_world(options.world)),
        tell(std::move(say)) {}

  const SimulatorOptions options;
  const World world;
  const std::function<void(const std::string&)> tell;
  std::mutex telling;
  StopFlag stop;
  std::vector<std::unique_ptr<BmpLink>> links;
  runtime::Mailbox<SampleRequest> requests{requests_waiting_max};
  std::thread player, sender;
  std::atomic<std::uint64_t> accepted{0}, rejected{0}, unmatched{0}, failed{0};
  std::atomic<bool> ended{false};

  void narrate(const std::string& text) {
    const std::lock_guard lock(telling);
    tell(text);
  }

  void make_links() {
    if (options.bmp.empty()) return;
    // Which prefixes are there at first depends on the scenes alone, not on the clock.
    const std::vector<RouteGroup> table = Timeline(world, options.timeline, SimulatedClock{}).initial_table();
    for (std::size_t i = 0; i < world.routers.size(); ++i) {
      links.push_back(std::make_unique<BmpLink>(Router(world, i, table), options.bmp,
                                                [this](const std::string& text) { narrate(text); }));
      links.back()->start();
    }
  }

  bool all_connected() const {
    return std::all_of(links.begin(), links.end(), [](const auto& link) { return link->connected(); });
  }

  void play() {
    const auto deadline = steady_clock::now() + connect_patience;
    while (!all_connected() && steady_clock::now() < deadline && stop.sleep_for(milliseconds(20))) {
    }
    const auto began = steady_clock::now();
    const SimulatedClock clock{now(), options.speed};
    Timeline timeline(world, options.timeline, clock);
    while (auto moment = timeline.next()) {
      const auto due = began + (clock.wall(moment->at) - clock.start);
      if (!stop.sleep_until(due)) return;
      perform(std::move(*moment), clock);
    }
    const std::chrono::microseconds last = timeline.ends();
    if (stop.sleep_until(began + (clock.wall(last) - clock.start))) ended = true;
  }

  void publish(const std::vector<Roa>& roas) {
    if (options.vrp_file.empty()) return;
    if (auto done = write_vrps(options.vrp_file, roas); !done) narrate(done.error().message);
  }

  void perform(Moment moment, const SimulatedClock& clock) {
    if (!moment.text.empty()) narrate(moment.text);
    if (moment.roas) publish(*moment.roas);
    for (RouteUpdate& update : moment.updates) {
      for (const auto& link : links) {
        if (link->has(update.session)) {
          link->send({clock.wall(moment.at), std::move(update)});
          break;
        }
      }
    }
    for (SampleRequest& request : moment.samples) {
      if (!options.endpoint.empty()) requests.send(std::move(request));
    }
  }

  void send_requests() {
    http::ClientOptions client_options;
    client_options.authority_file = options.ca_file;
    http::Client client(client_options);
    while (!stop.raised()) {
      const auto waiting = requests.receive_until(steady_clock::now() + milliseconds(200), 1);
      if (waiting.empty() && requests.closed()) return;
      for (const SampleRequest& request : waiting) post(client, request);
    }
  }

  void post(http::Client& client, const SampleRequest& request) {
    SamplePost message;
    message.url = options.endpoint + "/telemetry/samples";
    message.token = options.token;
    message.idempotency_key = request.idempotency_key;
    message.body = request.body;
    const auto answer =
        post_samples(client, message, {}, [this](milliseconds pause) { return stop.sleep_for(pause); });
    if (!answer || answer->status != 202) {
      if (stop.raised()) return;
      ++failed;
      narrate(answer ? fmt::format("clients: samples refused: {} {}", answer->status, answer->body)
                     : "clients: " + answer.error().message);
      return;
    }
    const PostAnswer counts = read_post_answer(*answer);
    accepted += counts.accepted;
    rejected += counts.rejected;
    unmatched += counts.unmatched;
  }
};

Simulator::Simulator(SimulatorOptions options, std::function<void(const std::string&)> narrate)
    : state_(std::make_unique<State>(std::move(options), std::move(narrate))) {}

Simulator::~Simulator() { stop(); }

const World& Simulator::world() const { return state_->world; }

void Simulator::start() {
  if (state_->options.incident) state_->publish(state_->options.incident->roas);
  state_->make_links();
  state_->sender = std::thread([this] { state_->send_requests(); });
  state_->player = std::thread([this] { state_->play(); });
}

SimulatorState Simulator::state() const {
  SimulatorState out;
  for (const auto& link : state_->links) {
    out.bmp_bytes += link->bytes();
    out.bmp_connects += link->connects();
  }
  out.samples_accepted = state_->accepted;
  out.samples_rejected = state_->rejected;
  out.samples_unmatched = state_->unmatched;
  out.requests_failed = state_->failed;
  out.ended = state_->ended;
  return out;
}

void Simulator::stop() {
  state_->stop.raise();
  state_->requests.close();
  for (const auto& link : state_->links) link->stop();
  if (state_->player.joinable()) state_->player.join();
  if (state_->sender.joinable()) state_->sender.join();
}

}  // namespace peering::sim
