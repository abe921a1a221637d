#include "sim/timeline.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "sim/incident.h"

namespace peering::sim {

using std::chrono::duration_cast;
using std::chrono::microseconds;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

constexpr minutes history_bin{5};
constexpr std::size_t history_samples_a_bin = 240;

bool same(const Attributes& a, const Attributes& b) { return a == b || (a && b && *a == *b); }

// Adds a prefix to the last update when that says the same, else begins another.
void append(std::vector<RouteUpdate>& updates, std::size_t session, const Attributes& attributes,
            const net::Prefix& prefix) {
  if (updates.empty() || updates.back().session != session || !same(updates.back().attributes, attributes)) {
    updates.push_back({session, attributes, {}});
  }
  updates.back().prefixes.push_back(prefix);
}

std::string text_of(const World& world, const RouteUpdate& update) {
  const std::string what = update.prefixes.size() == 1 ? update.prefixes[0].to_string()
                                                       : fmt::format("{} prefixes", update.prefixes.size());
  return fmt::format("{}: {} {}", world.sessions[update.session].name,
                     update.attributes ? "announces" : "withdraws", what);
}

}  // namespace

Timeline::Timeline(const World& world, TimelineOptions options, const SimulatedClock& clock)
    : world_(world),
      options_(std::move(options)),
      clock_(clock),
      clients_(world),
      unrest_(world.seed, "unrest"),
      scenes_(options_.scenes.empty() && !world.incident ? whole_timeline() : options_.scenes),
      scene_starts_(options_.first_scene) {
  if (options_.ends > seconds(0)) ends_ = options_.ends;
  if (world.incident) load_incident();
  if (!world.background.empty() && options_.background_updates_per_second > 0) next_unrest_ = seconds(1);
}

std::vector<RouteGroup> Timeline::initial_table() const {
  std::vector<RouteGroup> out = world_.background;
  if (!scenes_.empty() && scenes_.front() == Scene::announce) return out;
  out.insert(out.end(), world_.usual.begin(), world_.usual.end());
  return out;
}

void Timeline::load_incident() {
  for (SceneStep& step : script_of(*world_.incident, world_)) {
    steps_.push_back({scene_starts_ + step.after, std::move(step)});
  }
  if (options_.afterwards == Afterwards::end) ends_ = std::min(ends_, steps_.back().at + options_.pace);
}

void Timeline::load_scenes() {
  while (steps_.empty() && scene_ < scenes_.size()) {
    const Scene scene = scenes_[scene_];
    const std::vector<SceneStep> script = scene == Scene::recovery ? recovery() : script_of(scene, world_);
    for (const SceneStep& step : script) {
      steps_.push_back({scene_starts_ + step.after, step});
      steps_.back().step.text = fmt::format("{}: {}", to_string(scene), step.text);
    }
    scene_starts_ += options_.pace;
    ++scene_;
    if (scene_ < scenes_.size()) continue;
    if (options_.afterwards == Afterwards::repeat) scene_ = 0;
    if (options_.afterwards == Afterwards::end) ends_ = std::min(ends_, scene_starts_);
  }
}

Attributes Timeline::normal(std::size_t session, const net::Prefix& prefix) const {
  for (const RouteGroup& group : world_.usual) {
    if (group.session != session) continue;
    if (std::ranges::find(group.prefixes, prefix) != group.prefixes.end()) return group.attributes;
  }
  return nullptr;
}

std::vector<SceneStep> Timeline::recovery() const {
  std::vector<RouteUpdate> updates;
  for (const auto& [key, said] : said_) {
    const Attributes wanted = normal(key.first, key.second);
    if (!same(said, wanted)) append(updates, key.first, wanted, key.second);
  }
  std::vector<SceneStep> out;
  for (RouteUpdate& update : updates) {
    std::string text = text_of(world_, update);
    out.push_back({seconds(0), std::move(text), {std::move(update)}, {}, 1});
  }
  for (const auto& [pop, factor] : factors_) {
    if (factor != 1) out.push_back({seconds(0), pop + ": round-trip times are normal", {}, pop, 1});
  }
  if (out.empty()) out.push_back({seconds(0), "nothing was out of order", {}, {}, 1});
  return out;
}

void Timeline::remember(const std::vector<RouteUpdate>& updates) {
  for (const RouteUpdate& update : updates) {
    for (const net::Prefix& prefix : update.prefixes) said_[{update.session, prefix}] = update.attributes;
  }
}

Moment Timeline::scene_moment() {
  Step step = std::move(steps_.front());
  steps_.pop_front();
  remember(step.step.updates);
  if (!step.step.pop.empty()) factors_[step.step.pop] = step.step.latency_factor;
  return {step.at, std::move(step.step.text), std::move(step.step.updates), {}, std::move(step.step.roas)};
}

Moment Timeline::background_moment() {
  Moment out{next_unrest_, {}, {}, {}};
  const std::size_t index = gone_ ? *gone_ : unrest_.below(world_.background.size());
  const RouteGroup& group = world_.background[index];
  out.updates.push_back({group.session, gone_ ? group.attributes : nullptr, group.prefixes});
  gone_ = gone_ ? std::nullopt : std::optional<std::size_t>(index);
  const double wait_s = -std::log(1 - unrest_.unit()) / options_.background_updates_per_second;
  next_unrest_ += microseconds(1 + static_cast<std::int64_t>(std::min(wait_s, 3600.0) * 1e6));
  return out;
}

SampleRequest Timeline::request(std::string_view purpose, std::size_t customer, std::uint64_t batch,
                                std::size_t count, TimePoint from, TimePoint to) const {
  return {fmt::format("sim-{}-{}-{}-{}-{}", world_.seed, to_us(clock_.start), purpose, customer, batch),
          clients_.samples(customer, batch, count, from, to, factors_)};
}

std::vector<SampleRequest> Timeline::history() const {
  std::vector<SampleRequest> out;
  const auto bins = static_cast<std::uint64_t>(options_.history / history_bin);
  for (std::size_t customer = 0; customer < world_.customers.size(); ++customer) {
    for (std::uint64_t bin = bins; bin > 0; --bin) {
      const TimePoint from = clock_.start - history_bin * static_cast<std::int64_t>(bin);
      out.push_back(
          request("history", customer, (1ULL << 40) + bin, history_samples_a_bin, from, from + history_bin));
    }
  }
  return out;
}

Moment Timeline::samples_moment() {
  Moment out{next_samples_, {}, {}, {}};
  if (!history_told_) {
    history_told_ = true;
    out.samples = history();
    if (!out.samples.empty()) {
      out.text = fmt::format("clients: samples of the last {} minutes", options_.history.count());
    }
    next_samples_ += options_.batch_interval;
    return out;
  }
  const std::size_t count =
      options_.samples_per_second * static_cast<std::size_t>(options_.batch_interval.count());
  const TimePoint from = clock_.wall(next_samples_ - options_.batch_interval),
                  to = clock_.wall(next_samples_);
  for (std::size_t customer = 0; count > 0 && customer < world_.customers.size(); ++customer) {
    out.samples.push_back(request("live", customer, batch_, count, from, to));
  }
  ++batch_;
  next_samples_ += options_.batch_interval;
  return out;
}

std::optional<Moment> Timeline::next() {
  load_scenes();
  const microseconds step = steps_.empty() ? microseconds::max() : steps_.front().at;
  const microseconds first = std::min({step, next_samples_, next_unrest_});
  if (first >= ends_) return std::nullopt;
  if (first == step) return scene_moment();
  return first == next_samples_ ? samples_moment() : background_moment();
}

}  // namespace peering::sim
