// `simulate` and `demo`: a small Internet for the server.
#include <filesystem>
#include <fstream>
#include <iostream>

#include "base/digest.h"
#include "cli/child_process.h"
#include "cli/commands.h"
#include "cli/demo/demo.h"
#include "cli/registration.h"
#include "cli/stop_signal.h"
#include "sim/incident_files.h"
#include "sim/simulator.h"

namespace peering::cli {

namespace {

using std::chrono::minutes;
using std::chrono::seconds;

Outcome<std::vector<sim::Scene>> scenes_of(const std::vector<std::string>& names) {
  std::vector<sim::Scene> out;
  for (const std::string& name : names) {
    const auto scene = sim::parse_scene(name);
    if (!scene) {
      std::string known;
      for (const sim::Scene each : sim::all_scenes()) {
        known += (known.empty() ? "" : ", ") + std::string(to_string(each));
      }
      return usage_error("--scene '{}': one of {}", name, known);
    }
    out.push_back(*scene);
  }
  return out;
}

Outcome<const sim::Incident*> incident_of(const Call& call) {
  if (!call.has("incident")) return nullptr;
  const std::string name = call.value("incident");
  if (const sim::Incident* found = sim::find_incident(name)) {
    if (call.has("scene")) return usage_error("--incident and --scene: one of them");
    return found;
  }
  std::string known;
  for (const sim::Incident& each : sim::known_incidents()) {
    known += (known.empty() ? "" : ", ") + std::string(each.name);
  }
  return usage_error("--incident '{}': one of {}", name, known);
}

Outcome<sim::SimulatorOptions> options_of(const Session& session, const Call& call) {
  auto scenes = scenes_of(call.list("scene"));
  if (!scenes) return tl::unexpected(scenes.error());
  const auto incident = incident_of(call);
  if (!incident) return tl::unexpected(incident.error());
  sim::SimulatorOptions out;
  out.incident = *incident;
  out.vrp_file = call.value("vrp-file");
  out.endpoint = session.settings().endpoint;
  out.token = session.settings().token;
  out.ca_file = session.settings().ca_file;
  out.bmp = call.value("bmp");
  out.speed = call.real("speed").value_or(1);
  out.world.seed = call.number("seed").value_or(1);
  out.world.connections = call.number("connections").value_or(1);
  out.world.background_prefixes = call.number("background").value_or(0);
  if (out.world.connections < 1 || out.world.connections > 1000) {
    return usage_error("--connections {}: from 1 to 1000", out.world.connections);
  }
  if (out.world.background_prefixes > 200000) {
    return usage_error("--background {}: at most 200000", out.world.background_prefixes);
  }
  sim::TimelineOptions& timeline = out.timeline;
  timeline.scenes = std::move(*scenes);
  timeline.afterwards = call.has("once")                           ? sim::Afterwards::end
                        : timeline.scenes.empty() && !out.incident ? sim::Afterwards::repeat
                                                                   : sim::Afterwards::go_on;
  timeline.pace = seconds(std::max<std::uint64_t>(call.number("pace").value_or(20), 3));
  timeline.ends = minutes(call.number("minutes").value_or(0));
  timeline.samples_per_second = call.number("samples-per-second").value_or(0);
  timeline.history = minutes(call.number("history-minutes").value_or(0));
  return out;
}

// Who writes one line a step, with the time.
std::function<void(const std::string&)> narrator(std::ostream& out) {
  return [&out](const std::string& text) {
    out << format_rfc3339(now()).substr(11, 8) << "  " << text << std::endl;
  };
}

Outcome<void> register_customers(Session& session, const Call& call, const sim::World& world) {
  RegistrationOptions options;
  options.subscription = session.settings().subscription;
  if (options.subscription.empty()) options.subscription = random_uuid();
  options.webhook = call.value("webhook");
  options.webhook_secret = call.value("webhook-secret");
  const auto services = register_world(session.api(), world, options);
  if (!services) return tl::unexpected(services.error());
  for (const std::string& service : *services) session.note("registered " + service);
  return {};
}

// What `analyze` and the server's [topology] and [rpki] read of the incident.
Outcome<void> write_incident(const sim::Incident& incident, const std::filesystem::path& folder) {
  std::error_code failure;
  std::filesystem::create_directories(folder, failure);
  const std::pair<const char*, std::string> files[] = {
      {"updates.jsonl", sim::ris_lines(incident)},
      {"watch.json", json::serialize(sim::watch_file(incident)) + "\n"},
      {"as-relationships.txt", sim::relationship_lines(incident)},
      {"vrps.json", json::serialize(sim::vrp_document(incident.roas)) + "\n"}};
  for (const auto& [name, text] : files) {
    std::ofstream file(folder / name, std::ios::binary | std::ios::trunc);
    file << text;
    file.close();
    if (!file) return failed("{} cannot be written", (folder / name).string());
  }
  return {};
}

Outcome<void> simulate(Session& session, const Call& call) {
  const auto options = options_of(session, call);
  if (!options) return tl::unexpected(options.error());
  if (call.has("write")) {
    if (!options->incident) return usage_error("--write needs --incident");
    return write_incident(*options->incident, call.value("write"));
  }
  if (call.has("webhook") && !call.has("register")) return usage_error("--webhook needs --register");
  StopSignal signal;
  sim::Simulator simulator(*options, narrator(session.out()));
  if (call.has("register")) {
    if (auto done = register_customers(session, call, simulator.world()); !done) return done;
  }
  simulator.start();
  while (!simulator.state().ended && !signal.wait_for(std::chrono::milliseconds(100))) {
  }
  simulator.stop();
  const sim::SimulatorState state = simulator.state();
  session.out() << fmt::format(
      "sent {} bytes of BMP in {} sessions and {} samples ({} rejected, {} of no registered prefix)\n",
      state.bmp_bytes, state.bmp_connects, state.samples_accepted, state.samples_rejected,
      state.samples_unmatched);
  if (state.bmp_connects == 0) return failed("no BMP session came up with {}", options->bmp);
  if (state.requests_failed > 0) return failed("{} requests with samples failed", state.requests_failed);
  return {};
}

Outcome<void> demonstrate(Session& session, const Call& call) {
  demo::DemoOptions options;
  options.peeringd = call.has("peeringd") ? call.value("peeringd") : program_beside("peeringd");
  options.data_dir = call.value("data-dir");
  options.once = call.has("once");
  options.colored = session.settings().colored;
  options.seed = call.number("seed").value_or(1);
  return demo::run_demo(options, session.out());
}

}  // namespace

std::vector<Command> simulate_commands() {
  return {
      {"simulate",
       "A small Internet: two routers that speak BMP, a partner, a few thousand routes, clients, and scenes.",
       {{"--bmp", "the BMP station", OptionKind::text, false, "127.0.0.1:11019"},
        {"--seed", "what everything is made from; the same seed gives the same", OptionKind::number, false,
         "1"},
        {"--speed", "simulated seconds in a second", OptionKind::real, false, "1"},
        {"--scene",
         "announce, withdraw, failover, hijack, more-specific, slow-pop or recovery; several play in turn; "
         "default: all of them, again and again",
         OptionKind::list},
        {"--incident",
         "a well-known incident instead of scenes: its networks, its routes, its victim as the customer, a "
         "step every "
         "three simulated seconds (docs/simulator.md)"},
        {"--write",
         "with --incident: play nothing, write updates.jsonl and watch.json for `analyze`, "
         "as-relationships.txt and "
         "vrps.json for the server, into this folder"},
        {"--vrp-file",
         "with --incident: where its ROAs are written as they change; the server's rpki.vrp_file"},
        {"--once", "end after the last scene", OptionKind::flag},
        {"--pace", "simulated seconds from one scene to the next, at least 3", OptionKind::number, false,
         "20"},
        {"--minutes", "end after so many simulated minutes", OptionKind::number},
        {"--connections", "customers, 1 to 1000", OptionKind::number, false, "1"},
        {"--background", "prefixes of everybody else, at most 200000", OptionKind::number, false, "3000"},
        {"--samples-per-second", "round-trip times of each customer's clients", OptionKind::number, false,
         "40"},
        {"--history-minutes", "also samples of so many minutes before the start", OptionKind::number},
        {"--register", "register the customers first (needs a token that may)", OptionKind::flag},
        {"--webhook", "with --register: where alerts go"},
        {"--webhook-secret", "with --webhook: the secret that signs them"}},
       simulate},
      {"demo",
       "Start a server and a simulation, and show what one connection sees.",
       {{"--peeringd", "the server program; default: beside peeringctl, else in PATH"},
        {"--once", "end when a latency report, events and an alert were seen; at most 120 s",
         OptionKind::flag},
        {"--data-dir", "where the server keeps its data; default: a new folder, deleted at the end"},
        {"--seed", "seed of the simulation", OptionKind::number, false, "1"}},
       demonstrate},
  };
}

}  // namespace peering::cli
