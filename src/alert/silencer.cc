#include "alert/silencer.h"

namespace peering::alert {

namespace {

std::string_view subscription_of(std::string_view connection) {
  constexpr std::string_view root = "/subscriptions/";
  if (!connection.starts_with(root)) return "";
  return connection.substr(0, connection.find('/', root.size()));
}

std::vector<std::string> silences_of(const model::Event& event, const model::Registry& registry,
                                     TimePoint now) {
  std::vector<std::string> out;
  if (!registry.silences) return out;
  const auto of_tenant = registry.silences->find(subscription_of(model::lower(event.connection)));
  if (of_tenant == registry.silences->end()) return out;
  const auto prefix = registry.prefixes.find(model::lower(event.prefix_resource));
  const bool known = prefix != registry.prefixes.end();
  std::string_view group = known ? std::string_view(prefix->second->expectation.group) : "";
  if (const auto monitored = model::monitored_of_resource(event.prefix_resource)) group = monitored->second;
  const model::SilencedSubject subject{event, group};
  // Whoever silenced an event does not want to hear that it flaps.
  model::Event flaps;
  if (event.flapping) {
    flaps = event;
    flaps.kind = event.flapping->kind;
    flaps.level = event.flapping->level;
  }
  for (const model::SilencePointer& silence : of_tenant->second) {
    if (out.size() == Silencer::names_max) break;
    const bool matches = silence->matches(subject) || (event.flapping && silence->matches({flaps, group}));
    if (matches && silence->active(now)) out.push_back(silence->name);
  }
  return out;
}

std::vector<model::SilencePointer> active_silences(const model::Registry& registry, TimePoint now) {
  std::vector<model::SilencePointer> out;
  if (!registry.silences) return out;
  for (const auto& [subscription, silences] : *registry.silences) {
    for (const model::SilencePointer& each : silences) {
      if (each->active(now)) out.push_back(each);
    }
  }
  return out;
}

}  // namespace

void Silencer::restore(std::span<const model::Event> known) {
  for (const model::Event& event : known) {
    const bool open = event.state == model::EventState::open;
    if (open && !event.silenced_by.empty()) silenced_.insert_or_assign(event.id.value, event);
  }
}

void Silencer::mark(std::span<model::Event> events, const model::Registry& registry, TimePoint now) {
  for (model::Event& event : events) {
    // What it tells of was looked at one by one: a silence for some must not hide the others.
    if (event.kind == model::EventKind::mass_event) continue;
    event.silenced_by = silences_of(event, registry, now);
    if (event.state == model::EventState::open && !event.silenced_by.empty()) {
      silenced_.insert_or_assign(event.id.value, event);
      active_.clear();  // what silences it may be gone before the next look
    } else {
      silenced_.erase(event.id.value);
    }
  }
}

std::vector<model::Event> Silencer::ended(const model::Registry& registry, TimePoint now) {
  std::vector<model::Event> out;
  // Before the first snapshot nothing is known of silences.
  if (silenced_.empty() || registry.revision == model::Revision{}) return out;
  std::vector<model::SilencePointer> active = active_silences(registry, now);
  if (active == active_ && !active.empty()) return out;
  active_ = std::move(active);
  for (auto at = silenced_.begin(); at != silenced_.end();) {
    at->second.silenced_by = silences_of(at->second, registry, now);
    if (!at->second.silenced_by.empty()) {
      ++at;
      continue;
    }
    out.push_back(std::move(at->second));
    at = silenced_.erase(at);
  }
  return out;
}

}  // namespace peering::alert
