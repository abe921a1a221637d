#include "detect/roa_change.h"

#include "detect/event_shape.h"

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

}  // namespace peering::detect
