// Degradations of latency as events, and what such events say of degradations after a restart.
//
// An event's texts and figures depend on the bins alone, so that the same bins give the same event, whenever
// and in whatever order they came.
#pragma once

#include <optional>
#include <utility>

#include "latency/degradation.h"
#include "model/event.h"
#include "model/registry.h"

namespace peering::app {

/// The event of the degradation as it was when it opened.
model::Event degraded_event(const model::RegisteredPrefix& prefix, const latency::SeriesName& series,
                            const latency::Degradation& degradation, TimePoint now);
/// Marks that event as over, as the degradation is.
void end_degraded_event(model::Event& event, const latency::Degradation& degradation);
/// That it is over, as an event of its own; nothing while it is not, or when its level has become usual.
std::optional<model::Event> recovered_event(const model::RegisteredPrefix& prefix,
                                            const latency::SeriesName& series,
                                            const latency::Degradation& degradation, TimePoint now);
/// Samples that came late show that it was not so.
void retract(model::Event& event);
/// Whether two versions say the same of what happened.
bool says_the_same(const model::Event& a, const model::Event& b);

/// What a degraded event tells of its degradation: its times and its baseline. Nothing for other events.
std::optional<std::pair<latency::SeriesName, latency::Degradation>> told_degradation(
    const model::Event& event);

}  // namespace peering::app
