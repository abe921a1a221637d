#include "detect/roa_change.h"

#include "detect/event_shape.h"
#include "net/prefix_map.h"

namespace peering::detect {

namespace {

constexpr std::size_t roas_told_max = 10;

std::vector<rib::Vrp> around(const rib::VrpTable& changed, const net::Prefix& prefix) {
  std::vector<rib::Vrp> out = changed.covering(prefix);
  for (rib::Vrp& vrp : changed.within(prefix, roas_told_max)) out.push_back(std::move(vrp));
  if (out.size() > roas_told_max) out.resize(roas_told_max);
  return out;
}

std::string list(const std::vector<rib::Vrp>& vrps) {
  std::string out;
  for (const rib::Vrp& vrp : vrps) out += (out.empty() ? "" : ", ") + to_string(vrp);
  return out;
}

// What is told of one prefix and a ROA around it.
void tell_expiring(const model::RegisteredPrefixPointer& entry, const rib::Expiry& expiry,
                   const Settings& settings, TimePoint now, std::vector<model::Event>& out) {
  const model::Expectation& expectation = entry->expectation;
  const net::Prefix& prefix = expectation.prefix;
  if (expectation.ignore || !judges(expectation, model::EventKind::roa_change)) return;
  if (settings.owns && !settings.owns(prefix)) return;
  const std::string roa = to_string(expiry.vrp), until = format_rfc3339(expiry.at);
  // When it expires is part of the identity, when it was seen to is not.
  model::Event event =
      make_event(model::EventKind::roa_change, Role::primary, *entry, prefix, roa, now, now, false);
  event.id = model::make_event_id(event.kind, event.prefix_resource, prefix, "expires " + roa, expiry.at);
  event.incident_id = event.id.value;
  event.summary = fmt::format("ROA expires soon: {}", prefix.to_string());
  event.description = fmt::format("The ROA {}, around {}, expires at {} unless it is renewed.", roa,
                                  prefix.to_string(), until);
  event.evidence = {fmt::format("{} until {}", roa, until)};
  out.push_back(std::move(event));
}

// `watch`: entries by prefix.
template <class Watch>
void tell_expiring_of(const Watch& watch, const Settings& settings, TimePoint now,
                      std::vector<model::Event>& out) {
  for (const rib::Expiry& expiry : *settings.expiring) {
    const auto tell_all = [&](const net::Prefix&, const auto& entries) {
      for (const auto& entry : entries) tell_expiring(entry, expiry, settings, now, out);
    };
    watch.for_covered(expiry.vrp.prefix, tell_all);
    watch.for_covering(expiry.vrp.prefix, [&](const net::Prefix& prefix, const auto& entries) {
      if (prefix != expiry.vrp.prefix) tell_all(prefix, entries);
    });
  }
}

}  // namespace

void tell_roa_changes(const model::Registry& registry, const Settings& settings, const rib::VrpDelta& delta,
                      TimePoint now, std::vector<model::Event>& out) {
  for (const auto& [id, entry] : registry.prefixes) {
    const net::Prefix& prefix = entry->expectation.prefix;
    if (entry->expectation.ignore || !judges(entry->expectation, model::EventKind::roa_change)) continue;
    if (!delta.touches(prefix) || (settings.owns && !settings.owns(prefix))) continue;
    const std::string added = list(around(delta.added, prefix)),
                      removed = list(around(delta.removed, prefix));
    // The text is part of the identity: two changes within one tick of the clock are two.
    model::Event event = make_event(model::EventKind::roa_change, Role::primary, *entry, prefix,
                                    added + "/" + removed, now, now, false);
    event.summary = fmt::format("ROAs changed: {}", prefix.to_string());
    event.description = fmt::format(
        "ROAs of {} changed:{}{}{}.", prefix.to_string(), added.empty() ? "" : " added " + added,
        added.empty() || removed.empty() ? "" : ";", removed.empty() ? "" : " removed " + removed);
    if (!added.empty()) event.evidence.push_back("added " + added);
    if (!removed.empty()) event.evidence.push_back("removed " + removed);
    out.push_back(std::move(event));
  }
}

void tell_expiring_roas(const model::Registry& registry, const Settings& settings, TimePoint now,
                        std::vector<model::Event>& out) {
  tell_expiring_of(registry.watch, settings, now, out);
}

void tell_expiring_roas(std::span<const model::RegisteredPrefixPointer> entries, const Settings& settings,
                        TimePoint now, std::vector<model::Event>& out) {
  net::PrefixMap<std::vector<model::RegisteredPrefixPointer>> watch;
  for (const auto& entry : entries) watch[entry->expectation.prefix].push_back(entry);
  tell_expiring_of(watch, settings, now, out);
}

}  // namespace peering::detect
