// From an event to what its customer is told: which alerts and deliveries follow from one event.
//
// Pure, and decided in one place:
// - An event alerts when its connection opted in, its level is at least the wanted one and its kind is
//   wanted. A later version of an open event (more peers, a higher level) updates the alert but is not sent
//   again; one that rose to the wanted level opens the alert then.
// - A silenced event opens no alert; it does when a later version of it, still open, is not silenced any
// more.
// - A version that is damped (damper.h) opens none. Whoever wants an event is told that it flaps.
// - A version that a mass event tells of (grouper.h) opens none. Whoever wants such an event is told of that.
// - An alert that opened always resolves, on the channels that were told it opened: also when the opt-in was
//   switched off, the channel was taken out of it, or the connection is gone.
// - An event that comes back under its id opens its alert again, like a new one.
// - An event that was born resolved (information: it happened, nothing lasts) alerts once, as resolved, and
//   has no pair.
// - Ids are stable: an alert has its event's id; a delivery's id is made of the alert, the state and the
//   channel. Applying a rule twice, after a crash or on another node, gives the same ids.
#pragma once

#include <optional>

#include "base/time.h"
#include "model/alert.h"
#include "model/registry.h"
#include "store/telemetry_store.h"

namespace peering::alert {

/// The body of a webhook (docs/alerts.md): {"id", "alertId", "state": "open|resolved", "level", "kind",
/// "connection", "prefix", "summary", "description", "openedAt", "resolvedAt", "durationSeconds", "event"}.
json::value webhook_payload(const model::Event& event, const model::Alert& alert, std::string_view delivery);

/// The id of a delivery: "<alert>-<state>-<16 hexadecimal digits of the channel's key>", and of an event that
/// came back "-<how often it did>".
std::string delivery_id(const model::Event& event, std::string_view channel);

/// Whether the event's connection opted in to alerts of its kind and level.
bool is_wanted(const model::Event& event, const model::Registry& registry);

/// Appends what follows from `event` to `out.alerts` and `out.outbox`. `known` is the alert as it was stored
/// before, if any. Deliveries of one commit are due one microsecond after each other, in the order of
/// `out.outbox`, so that order survives the store.
void follow(const model::Event& event, const model::Registry& registry,
            const std::optional<model::Alert>& known, TimePoint now, store::EventCommit& out);

/// The same for a writer that has a store: the known alert is looked for in `out` first (an event that opened
/// and resolved in one commit), then in the store. When the store cannot be read, a resolve is sent to the
/// channels of the present opt-in rather than lost. Thread-safe as the store is.
class Rules {
 public:
  explicit Rules(store::TelemetryStore& telemetry) : telemetry_(telemetry) {}
  void apply(const model::Event& event, const model::Registry& registry, TimePoint now,
             store::EventCommit& out) const;

 private:
  store::TelemetryStore& telemetry_;
};

}  // namespace peering::alert
