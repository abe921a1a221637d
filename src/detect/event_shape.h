// How a kind of detection is told: Azure's event type and level, and the fields
// that every event has.
#pragma once

#include <string>
#include <string_view>

#include "model/event.h"
#include "model/registry.h"
#include "rib/route.h"

namespace peering::detect {

/// Whether a route is the way in use or the one kept for failure.
enum class Role : std::uint8_t { primary, backup };

/// Azure's eventType for the kind; `backup` picks the BackupRoute variant where there is one.
std::string_view event_type(model::EventKind kind, Role role);
/// The level of a kind that has one level.
model::Level event_level(model::EventKind kind, Role role);

/// An event of the kind about an entry, with type, level, names, times and id. Born open when `open`.
/// `discriminator` is part of the id.
model::Event make_event(model::EventKind kind, Role role, const model::RegisteredPrefix& entry,
                        const net::Prefix& observed, std::string_view discriminator, TimePoint first_seen,
                        TimePoint now, bool open);
model::EventPeer event_peer(const rib::Peer& peer);
/// "AS64496 (192.0.2.1) at edge-1", or "router edge-1" where the peer has no AS number.
std::string peer_in_words(const rib::Peer& peer);
/// The AS that an event made of findings is about: their discriminator (judgement.h).
std::string subject_of(const model::Event& event);
/// Marks the event resolved at `time` and says how long it lasted.
void resolve(model::Event& event, TimePoint time, std::string_view reason);

}  // namespace peering::detect
