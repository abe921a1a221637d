#include "app/world_knowledge.h"

#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <optional>
#include <thread>

#include "app/knowledge_files.h"
#include "base/log.h"
#include "feeds/shrink_guard.h"

namespace peering::app {

namespace fs = std::filesystem;

namespace {

// ROAs that may expire together as one in so many of all, or in any case.
constexpr std::size_t expiring_part_max = 20, expiring_always = 100;

std::optional<fs::file_time_type> time_of(const std::string& path) {
  std::error_code failed;
  const auto out = fs::last_write_time(path, failed);
  return failed ? std::nullopt : std::optional(out);
}

// The files as they were last read well.
struct Read {
  std::optional<detect::Relationships> relationships, siblings;
  std::optional<rib::RpkiData> vrps, aspa;
  std::shared_ptr<const rib::PrefixSet> bogons;
  std::optional<rib::RouteObjectsPointer> route_objects;
};

// Reads into `out` what the path names; an empty path empties it. False with the error in `failed`.
template <class Value, class Reader>
void read_into(const std::string& path, Reader reader, std::optional<Value>& out,
               std::vector<Error>& failed) {
  if (path.empty()) {
    out.reset();
    return;
  }
  auto read = reader(path);
  if (read) {
    out = std::move(*read);
  } else {
    failed.push_back(read.error());
  }
}

void read_topology(const KnowledgeFiles& files, Read& out, std::vector<Error>& failed) {
  read_into(files.as_relationships, read_as_relationships, out.relationships, failed);
  read_into(files.siblings, read_siblings, out.siblings, failed);
  read_into(files.aspa, read_rpki, out.aspa, failed);
  read_into(files.irr, read_route_objects, out.route_objects, failed);
  std::optional<rib::PrefixSet> bogons;
  if (out.bogons) bogons = *out.bogons;
  read_into(files.bogons, read_bogons, bogons, failed);
  out.bogons = bogons ? std::make_shared<const rib::PrefixSet>(std::move(*bogons)) : nullptr;
}

std::shared_ptr<const detect::Relationships> together(const Read& read) {
  if (!read.relationships && !read.siblings) return nullptr;
  detect::Relationships out = read.relationships.value_or(detect::Relationships());
  if (read.siblings) out.merge(*read.siblings);
  return std::make_shared<const detect::Relationships>(std::move(out));
}

}  // namespace

struct WorldKnowledge::State {
  State(Options given, Metrics& metrics, Apply apply_given)
      : options(std::move(given)),
        apply(std::move(apply_given)),
        guard(options.rtr.shrink_guard),
        rtr(options.rtr, metrics, [this](std::optional<feeds::RtrData> data) { take(std::move(data)); }),
        vrps_gauge(metrics.gauge("peering_rpki_vrps", "Validated ROA payloads in force.")),
        aspas_gauge(metrics.gauge("peering_rpki_aspas", "Customers with provider attestations in force.")),
        route_objects_gauge(
            metrics.gauge("peering_irr_route_objects", "Route objects of registries in force.")),
        failed_total(metrics.counter("peering_rpki_files_refused_total",
                                     "Files of [rpki] and [topology] that could not be read.")) {}

  Options options;
  const Apply apply;
  feeds::ShrinkGuard guard;
  feeds::RtrClient rtr;
  Gauge &vrps_gauge, &aspas_gauge, &route_objects_gauge;
  Counter& failed_total;

  // Of the thread alone.
  Read read;
  std::optional<fs::file_time_type> vrps_time;
  bool file_waits = false;  // it shrank: read once more
  std::optional<feeds::RtrData> cache_data;

  // Shared.
  mutable std::mutex mutex;
  std::condition_variable changed;
  bool stopping = false;
  std::optional<KnowledgeFiles> new_files;
  std::optional<std::optional<feeds::RtrData>> new_data;
  detect::Knowledge in_force;
  std::thread thread;

  void take(std::optional<feeds::RtrData> data) {
    const std::lock_guard lock(mutex);
    new_data = std::move(data);
    changed.notify_all();
  }
  void report(const std::vector<Error>& failed) {
    for (const Error& error : failed) log::error("{}; what it said before stays in force", error.message);
    failed_total.add(static_cast<double>(failed.size()));
  }
  void read_vrps(std::vector<Error>& failed);
  std::shared_ptr<const std::vector<rib::Expiry>> expiring_soon() const;
  void build(bool topology_read);
  void run();
  void follow_file();
};

// A file that shrank by more than half is used when it says the same at the next look.
void WorldKnowledge::State::read_vrps(std::vector<Error>& failed) {
  const std::string& path = options.files.vrps;
  vrps_time = time_of(path);
  std::optional<rib::RpkiData> fresh = read.vrps;
  read_into(path, read_rpki, fresh, failed);
  const std::size_t held = read.vrps ? read.vrps->vrps.size() : 0;
  const feeds::ShrinkGuard::Parts nothing;
  std::string lacking;
  file_waits =
      fresh && !guard.admits(held, fresh->vrps.size(), read.vrps ? read.vrps->by_trust_anchor : nothing,
                             fresh->by_trust_anchor, lacking);
  if (!file_waits) {
    read.vrps = std::move(fresh);
    return;
  }
  log::warning("{}: {} VRPs where {} were known{}; they are used when it says so again", path,
               fresh->vrps.size(), held,
               lacking.empty() ? "" : ", most of the trust anchor " + lacking + " are gone");
}

// A payload that the file holds twice expires with the later one. When a good part of all expires at once it
// is the validator or a trust anchor that is late, which is no customer's concern.
std::shared_ptr<const std::vector<rib::Expiry>> WorldKnowledge::State::expiring_soon() const {
  if (!read.vrps || options.expiry_notice == Microseconds(0)) return nullptr;
  const TimePoint limit = now() + options.expiry_notice;
  std::map<rib::Vrp, TimePoint> soon;
  for (const rib::Expiry& expiry : read.vrps->expiries) {
    if (expiry.at >= limit) continue;
    TimePoint& at = soon[expiry.vrp];
    at = std::max(at, expiry.at);
  }
  const std::size_t all = read.vrps->expiries.size();
  if (soon.size() * expiring_part_max > all && soon.size() > expiring_always) {
    log::warning("{}: {} of {} ROAs expire within {} minutes: is the validator late?", options.files.vrps,
                 soon.size(), all,
                 std::chrono::duration_cast<std::chrono::minutes>(options.expiry_notice).count());
    return nullptr;
  }
  for (const rib::Expiry& expiry : read.vrps->expiries) {
    if (expiry.at >= limit) soon.erase(expiry.vrp);
  }
  auto out = std::make_shared<std::vector<rib::Expiry>>();
  for (const auto& [vrp, at] : soon) out->push_back({vrp, at});
  return out->empty() ? nullptr : out;
}

// Puts together what files and caches say, and hands it on when it is something else.
void WorldKnowledge::State::build(bool topology_read) {
  KnowledgeUpdate update;
  detect::Knowledge& after = update.after;
  const detect::Knowledge before = in_force;
  after.relationships = topology_read ? together(read) : before.relationships;
  after.bogons = read.bogons;
  after.route_objects = read.route_objects.value_or(nullptr);
  after.expiring = expiring_soon();
  std::vector<rib::Vrp> vrps;
  std::vector<wire::rtr::Aspa> aspas;
  const auto add = [&](const auto& source) {
    vrps.insert(vrps.end(), source.vrps.begin(), source.vrps.end());
    aspas.insert(aspas.end(), source.aspas.begin(), source.aspas.end());
  };
  if (read.vrps) add(*read.vrps);
  if (cache_data) add(*cache_data);
  if (read.aspa) aspas.insert(aspas.end(), read.aspa->aspas.begin(), read.aspa->aspas.end());
  if (read.vrps || cache_data) after.vrps = std::make_shared<const rib::VrpTable>(std::move(vrps));
  if (!aspas.empty()) after.aspas = std::make_shared<const rib::AspaTable>(aspas);
  if (after.aspas && before.aspas && *after.aspas == *before.aspas) after.aspas = before.aspas;
  if (after.vrps && before.vrps) {
    auto roas = std::make_shared<const rib::VrpDelta>(rib::difference(*before.vrps, *after.vrps));
    if (roas->empty()) {
      after.vrps = before.vrps;
    } else {
      log::info("RPKI: {} VRPs, {} added, {} removed", after.vrps->size(), roas->added.size(),
                roas->removed.size());
      update.roas = std::move(roas);
    }
  } else if (after.vrps) {
    log::info("RPKI: {} VRPs", after.vrps->size());
  }
  vrps_gauge.set(after.vrps ? static_cast<double>(after.vrps->size()) : 0);
  aspas_gauge.set(after.aspas ? static_cast<double>(after.aspas->size()) : 0);
  route_objects_gauge.set(after.route_objects ? static_cast<double>(after.route_objects->size()) : 0);
  update.at = now();
  {
    const std::lock_guard lock(mutex);
    in_force = after;
  }
  apply(update);
}

// Once a minute: was the VRP file replaced, or does it wait to be confirmed?
void WorldKnowledge::State::follow_file() {
  if (options.files.vrps.empty() || (!file_waits && time_of(options.files.vrps) == vrps_time)) return;
  std::vector<Error> failed;
  read_vrps(failed);
  report(failed);
  build(false);
}

void WorldKnowledge::State::run() {
  auto next_look = std::chrono::steady_clock::now() + options.look_every;
  std::unique_lock lock(mutex);
  while (true) {
    changed.wait_until(lock, next_look, [&] { return stopping || new_files || new_data; });
    if (stopping) return;
    const auto files = std::exchange(new_files, std::nullopt);
    auto data = std::exchange(new_data, std::nullopt);
    lock.unlock();
    if (data) cache_data = std::move(*data);
    if (files) {
      options.files = *files;
      std::vector<Error> failed;
      read_topology(options.files, read, failed);
      read_vrps(failed);
      report(failed);
      log::info("files of [rpki] and [topology] read again, {} refused", failed.size());
    }
    if (files || data) build(files.has_value());
    if (std::chrono::steady_clock::now() >= next_look) {
      follow_file();
      next_look = std::chrono::steady_clock::now() + options.look_every;
    }
    lock.lock();
  }
}

WorldKnowledge::WorldKnowledge(Options options, Metrics& metrics, Apply apply)
    : state_(std::make_unique<State>(std::move(options), metrics, std::move(apply))) {}
WorldKnowledge::~WorldKnowledge() { stop(); }

Result<void> WorldKnowledge::start() {
  State& s = *state_;
  std::vector<Error> failed;
  read_topology(s.options.files, s.read, failed);
  s.read_vrps(failed);
  if (!failed.empty()) return tl::unexpected(failed.front());
  s.build(true);
  s.thread = std::thread([&s] { s.run(); });
  s.rtr.start();
  return {};
}

void WorldKnowledge::stop() {
  State& s = *state_;
  s.rtr.stop();
  {
    const std::lock_guard lock(s.mutex);
    s.stopping = true;
  }
  s.changed.notify_all();
  if (s.thread.joinable()) s.thread.join();
}

void WorldKnowledge::read_again(KnowledgeFiles files) {
  const std::lock_guard lock(state_->mutex);
  state_->new_files = std::move(files);
  state_->changed.notify_all();
}

rib::VrpTablePointer WorldKnowledge::vrps() const {
  const std::lock_guard lock(state_->mutex);
  return state_->in_force.vrps;
}

Result<void> check(const KnowledgeFiles& files) {
  Read read;
  std::vector<Error> failed;
  read_topology(files, read, failed);
  read_into(files.vrps, read_rpki, read.vrps, failed);
  if (failed.empty()) return {};
  return tl::unexpected(Error{ErrorCode::invalid_argument, failed.front().message});
}

}  // namespace peering::app
