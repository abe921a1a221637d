// The whole simulator against a real TCP listener and a real HTTP server.
#include "sim/simulator.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/server.h"
#include "sim/station_for_tests.h"

namespace peering::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

// Accepts connections and keeps every byte of each.
class Listener {
 public:
  Listener() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&at), size), 0);
    EXPECT_EQ(::listen(socket_, 16), 0);
    EXPECT_EQ(::getsockname(socket_, reinterpret_cast<sockaddr*>(&at), &size), 0);
    port_ = ntohs(at.sin_port);
    thread_ = std::thread([this] { run(); });
  }
  ~Listener() {
    stop_ = true;
    thread_.join();
    for (const auto& each : connections_) ::close(each.first);
    ::close(socket_);
  }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  std::vector<std::vector<std::uint8_t>> heard() {
    const std::lock_guard lock(mutex_);
    std::vector<std::vector<std::uint8_t>> out;
    for (const auto& each : connections_) out.push_back(each.second);
    return out;
  }
  void hang_up() {
    const std::lock_guard lock(mutex_);
    for (const auto& each : connections_) ::shutdown(each.first, SHUT_RDWR);
  }

 private:
  void run() {
    while (!stop_) {
      std::vector<pollfd> wanted{{socket_, POLLIN, 0}};
      for (const auto& each : connections_) wanted.push_back({each.first, POLLIN, 0});
      ::poll(wanted.data(), wanted.size(), 20);
      const std::lock_guard lock(mutex_);
      for (std::size_t i = 1; i < wanted.size(); ++i) read(connections_[i - 1]);
      if ((wanted[0].revents & POLLIN) != 0)
        connections_.emplace_back(::accept(socket_, nullptr, nullptr), 0);
    }
  }
  static void read(std::pair<int, std::vector<std::uint8_t>>& connection) {
    std::uint8_t bytes[65536];
    ssize_t count = 0;
    while ((count = ::recv(connection.first, bytes, sizeof bytes, MSG_DONTWAIT)) > 0) {
      connection.second.insert(connection.second.end(), bytes, bytes + count);
    }
  }

  int socket_;
  std::uint16_t port_ = 0;
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::vector<std::pair<int, std::vector<std::uint8_t>>> connections_;
  std::thread thread_;
};

template <class Condition>
bool within(seconds patience, Condition condition) {
  const auto deadline = steady_clock::now() + patience;
  while (!condition()) {
    if (steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(milliseconds(5));
  }
  return true;
}

class Simulation : public ::testing::Test {
 protected:
  Simulation() {
    server_ = std::make_unique<http::Server>(
        [this](const http::Request& request) {
          const auto lines = std::count(request.body.begin(), request.body.end(), '\n');
          samples_ += static_cast<std::uint64_t>(lines);
          http::Response out;
          out.status = 202;
          out.body = fmt::format(R"({{"accepted":{},"rejected":0,"unmatched":0,"errors":[]}})", lines);
          return out;
        },
        http::Limits{}, workers_, metrics_);
    options_.endpoint = "http://" + server_->listen({"127.0.0.1", 0}, std::nullopt).value().to_string();
    options_.bmp = listener_.address();
    options_.world.background_prefixes = 200;
    options_.timeline.scenes = {Scene::announce, Scene::failover};
    options_.timeline.pace = seconds(10);
    options_.speed = 20;
  }
  ~Simulation() override {
    server_->stop();
    workers_.stop();
  }

  Listener listener_;
  SimulatorOptions options_;
  std::atomic<std::uint64_t> samples_{0};
  Metrics metrics_;
  runtime::WorkerPool workers_{1, 8};
  std::unique_ptr<http::Server> server_;
};

// Routes of the partner that a station has at the end.
std::size_t partner_routes(const testing::Station& station, const World& world) {
  return static_cast<std::size_t>(std::count_if(
      station.routes.begin(), station.routes.end(),
      [&](const auto& route) { return route.second.as_path.origin() == world.customers[0].asn; }));
}

TEST_F(Simulation, PlaysItsScenesToTheStationAndItsSamplesToTheServer) {
  Simulator simulator(options_, [](const std::string&) {});
  simulator.start();
  EXPECT_TRUE(within(seconds(20), [&] { return simulator.state().ended; }));
  simulator.stop();
  const SimulatorState state = simulator.state();
  EXPECT_EQ(state.samples_accepted, samples_);
  EXPECT_GE(state.samples_accepted, 4 * 200U) << "23 simulated seconds, 200 samples each five";
  EXPECT_EQ(state.bmp_connects, 2U);
  std::this_thread::sleep_for(milliseconds(50));
  const auto heard = listener_.heard();
  ASSERT_EQ(heard.size(), 2U);
  for (const auto& bytes : heard) {
    testing::Station station;
    station.hear(bytes);
    EXPECT_TRUE(station.terminated);
    EXPECT_EQ(partner_routes(station, simulator.world()), station.system_name == "AMS" ? 0U : 3U)
        << "the primary session has withdrawn, the backup session has not";
  }
}

TEST_F(Simulation, TellsAStationThatComesBackEverythingAnew) {
  options_.timeline.scenes = {Scene::hijack};
  options_.timeline.afterwards = Afterwards::go_on;
  Simulator simulator(options_, [](const std::string&) {});
  simulator.start();
  EXPECT_TRUE(within(seconds(10), [&] { return listener_.heard().size() == 2; }));
  EXPECT_TRUE(within(seconds(10), [&] { return simulator.state().bmp_connects == 2; }));
  listener_.hang_up();
  EXPECT_TRUE(within(seconds(10), [&] { return simulator.state().bmp_connects == 4; }));
  std::this_thread::sleep_for(milliseconds(400));
  simulator.stop();
  std::this_thread::sleep_for(milliseconds(50));
  const auto heard = listener_.heard();
  ASSERT_EQ(heard.size(), 4U);
  for (std::size_t i = 2; i < 4; ++i) {
    testing::Station station;
    station.hear(heard[i]);
    EXPECT_EQ(partner_routes(station, simulator.world()), 3U);
    EXPECT_EQ(station.ends_of_rib.size(), 6U);
  }
}

TEST_F(Simulation, StopsAtOnceWhenNobodyIsThere) {
  options_.bmp = "127.0.0.1:1";
  options_.endpoint = "http://127.0.0.1:1";
  std::atomic<int> lines{0};
  Simulator simulator(options_, [&](const std::string&) { ++lines; });
  simulator.start();
  EXPECT_TRUE(within(seconds(5), [&] { return lines >= 2; })) << "each router says that the station is away";
  const auto began = steady_clock::now();
  simulator.stop();
  EXPECT_LT(steady_clock::now() - began, seconds(2));
}

}  // namespace
}  // namespace peering::sim
