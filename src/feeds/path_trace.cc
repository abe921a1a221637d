#include "feeds/path_trace.h"

#include <algorithm>

namespace peering::feeds {

PathTrace::PathTrace(const PathTraceSettings& settings)
    : settings_(settings),
      tries_(static_cast<std::size_t>(settings.hops_max),
             std::vector<Try>(static_cast<std::size_t>(settings.tries))),
      last_(settings.hops_max) {}

std::optional<PathTrace::Step> PathTrace::next() {
  if (under_way_ >= settings_.window) return std::nullopt;
  for (int ttl = 1; ttl <= last_; ++ttl) {
    auto& hop = tries_[static_cast<std::size_t>(ttl - 1)];
    for (std::size_t i = 0; i < hop.size(); ++i) {
      if (hop[i].sent) continue;
      hop[i].sent = true;
      ++under_way_;
      return Step{ttl, static_cast<int>(i)};
    }
  }
  return std::nullopt;
}

void PathTrace::answered(const Step& step, model::ProbeAnswer answer) {
  Try& slot = tries_[static_cast<std::size_t>(step.ttl - 1)][static_cast<std::size_t>(step.attempt)];
  slot.over = true;
  --under_way_;
  const bool ends_path = answer.end == model::ProbeEnd::answered || answer.end == model::ProbeEnd::refused ||
                         answer.end == model::ProbeEnd::unreachable || answer.end == model::ProbeEnd::failed;
  slot.answer = std::move(answer);
  if (ends_path) last_ = std::min(last_, step.ttl);
  end_behind_silence();
}

bool PathTrace::is_complete(int ttl) const {
  return std::ranges::all_of(tries_[static_cast<std::size_t>(ttl - 1)],
                             [](const Try& each) { return each.over; });
}

bool PathTrace::is_silent(int ttl) const {
  return std::ranges::all_of(tries_[static_cast<std::size_t>(ttl - 1)], [](const Try& each) {
    return each.over && each.answer.end == model::ProbeEnd::silent;
  });
}

void PathTrace::end_behind_silence() {
  int silent = 0;
  for (int ttl = 1; ttl <= last_ && is_complete(ttl); ++ttl) {
    silent = is_silent(ttl) ? silent + 1 : 0;
    if (silent >= settings_.silent_max) last_ = ttl;
  }
}

bool PathTrace::done() const {
  for (int ttl = 1; ttl <= last_; ++ttl) {
    if (!is_complete(ttl)) return false;
  }
  return true;
}

std::vector<model::ProbeHop> PathTrace::hops() const {
  std::vector<model::ProbeHop> out;
  for (int ttl = 1; ttl <= last_; ++ttl) {
    const auto& hop = tries_[static_cast<std::size_t>(ttl - 1)];
    if (!hop.front().sent) break;
    model::ProbeHop shown{ttl, {}};
    for (const Try& each : hop) {
      if (each.sent) shown.answers.push_back(each.answer);
    }
    out.push_back(std::move(shown));
  }
  return out;
}

}  // namespace peering::feeds
