// What would have to be expected so that an event were none: the smallest change of a prefix's expectation
// under which the event's route is as expected. A pure function; it changes nothing.
#pragma once

#include <string>

#include <tl/expected.hpp>

#include "detect/suggestion.h"

namespace peering::detect {

struct Lesson {
  model::Expectation expectation;  ///< the current one with the change
  std::vector<Reason> reasons;     ///< one for each value that is added or taken away
};

/// Why nothing is to be learned from an event.
struct Refusal {
  std::string why;        ///< one sentence, with a full stop
  bool forcible = false;  ///< who knows better may insist
};

/// `current`: what is expected of the event's registered prefix. `vrps` may be null. `force`: also what
/// speaks against the event's route is no obstacle. A lesson without reasons: the route is as expected
/// already.
tl::expected<Lesson, Refusal> learn(const model::Event& event, const model::Expectation& current,
                                    const rib::VrpTable* vrps, bool force);

}  // namespace peering::detect
