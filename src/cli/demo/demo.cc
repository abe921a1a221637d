#include "cli/demo/demo.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>

#include "base/digest.h"
#include "cli/demo/demo_report.h"
#include "cli/demo/demo_server.h"
#include "cli/registration.h"
#include "cli/stop_signal.h"
#include "sim/simulator.h"

namespace peering::cli::demo {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

namespace {

constexpr seconds once_patience{120};
constexpr milliseconds look_interval{500};

// A new folder, deleted at the end; or the one that was named, kept.
class DataDir {
 public:
  static Outcome<DataDir> make(const std::string& named) {
    std::error_code failure;
    if (!named.empty()) {
      std::filesystem::create_directories(named, failure);
      if (failure) return failed("{}: {}", named, failure.message());
      return DataDir(named, false);
    }
    std::string path = (std::filesystem::temp_directory_path(failure) / "peering-demo-XXXXXX").string();
    if (mkdtemp(path.data()) == nullptr) return failed("{}: {}", path, std::strerror(errno));
    return DataDir(path, true);
  }
  DataDir(DataDir&& other) noexcept
      : path_(std::move(other.path_)), ours_(std::exchange(other.ours_, false)) {}
  DataDir& operator=(DataDir&&) = delete;
  DataDir(const DataDir&) = delete;
  DataDir& operator=(const DataDir&) = delete;
  ~DataDir() {
    std::error_code ignored;
    if (ours_) std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  DataDir(std::string path, bool ours) : path_(std::move(path)), ours_(ours) {}
  std::string path_;
  bool ours_;
};

sim::SimulatorOptions simulator_options(const DemoOptions& options, const DemoServer& server) {
  using sim::Scene;
  sim::SimulatorOptions out;
  out.endpoint = server.endpoint();
  out.token = server.token();
  out.bmp = server.bmp();
  out.world.seed = options.seed;
  out.timeline.history = std::chrono::minutes(90);
  if (options.once) {
    out.timeline.scenes = {Scene::announce, Scene::failover, Scene::recovery, Scene::hijack, Scene::recovery};
    out.timeline.afterwards = sim::Afterwards::go_on;
    out.timeline.pace = seconds(5);
  } else {
    out.timeline.afterwards = sim::Afterwards::repeat;
    out.timeline.pace = seconds(15);
  }
  return out;
}

std::string list_of(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

// Everything that runs while the demo does.
class Demo {
 public:
  Demo(const DemoOptions& options, DemoServer& server, std::ostream& out)
      : options_(options),
        server_(server),
        out_(out),
        secret_(to_base64url(random_bytes(24))),
        receiver_(secret_),
        api_(server.endpoint(), server.token(), ""),
        simulator_(simulator_options(options, server),
                   [this](const std::string& text) { out_ << "  " << text << std::endl; }) {}

  Outcome<void> run(StopSignal& signal) {
    const auto webhook = receiver_.start();
    if (!webhook) return failure_of(webhook.error());
    RegistrationOptions registration;
    registration.subscription = random_uuid();
    registration.webhook = *webhook;
    registration.webhook_secret = secret_;
    const auto services = register_world(api_, simulator_.world(), registration);
    if (!services) return tl::unexpected(services.error());
    service_ = services->front();
    introduce();
    simulator_.start();
    const Outcome<void> done = watch(signal);
    simulator_.stop();
    return done;
  }

 private:
  void introduce() {
    out_ << "peeringd listens at " << server_.endpoint() << ", BMP at " << server_.bmp() << "\n";
    if (!options_.once) {
      out_ << "token: " << server_.token() << " (" << server_.token_file() << ")\n"
           << "Ctrl-C ends it.\n";
    }
    out_ << "A customer registered the connection \"demo\"; a small Internet from seed " << options_.seed
         << " now plays:\n"
         << std::flush;
  }

  Outcome<void> watch(StopSignal& signal) {
    const auto deadline = steady_clock::now() + once_patience;
    bool shown = false;
    std::vector<std::string> missing = {"everything"};
    while (!signal.wait_for(look_interval)) {
      if (!server_.running()) return failed("peeringd ended\n{}", server_.log_tail());
      if (shown) continue;
      const auto view = read_view(api_, service_, receiver_);
      const bool late = steady_clock::now() >= deadline;
      if (!view && !late) continue;
      if (!view) return tl::unexpected(view.error());
      missing = missing_in(*view);
      // The end of the hijack is worth waiting for, as long as there is time.
      const bool complete = missing.empty() && hijack_is_over(*view);
      if (!complete && !late) continue;
      print_view(*view, options_.colored, out_);
      shown = true;
      if (!missing.empty()) return failed("missing after {} s: {}", once_patience.count(), list_of(missing));
      out_ << "\nEverything was seen: a latency report, events and a signed alert.\n" << std::flush;
      if (options_.once) return {};
    }
    return options_.once ? failed("interrupted; missing: {}", list_of(missing)) : Outcome<void>();
  }

  const DemoOptions& options_;
  DemoServer& server_;
  std::ostream& out_;
  std::string secret_, service_;
  sim::WebhookReceiver receiver_;
  ApiClient api_;
  sim::Simulator simulator_;
};

}  // namespace

Outcome<void> run_demo(const DemoOptions& options, std::ostream& out) {
  StopSignal signal;
  const auto data_dir = DataDir::make(options.data_dir);
  if (!data_dir) return tl::unexpected(data_dir.error());
  auto server = DemoServer::start({options.peeringd, data_dir->path(), options.once});
  if (!server) return tl::unexpected(server.error());
  return Demo(options, *server, out).run(signal);
}

}  // namespace peering::cli::demo
