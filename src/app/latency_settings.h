// The keys of `[latency]` that say what a degradation is.
#pragma once

#include <vector>

#include "app/configuration.h"
#include "app/settings.h"
#include "base/result.h"
#include "latency/degradation.h"

namespace peering::app {

/// Appends their rows.
void add_judgement_settings(std::vector<Setting>& out, Configuration::Latency& latency);
/// `invalid_argument` when they do not fit together.
Result<void> check_judgement(const Configuration& configuration);
latency::JudgeSettings judge_settings(const Configuration& configuration);

}  // namespace peering::app
