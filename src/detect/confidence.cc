#include "detect/confidence.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace peering::detect {

namespace {

constexpr double base_points = 55;
constexpr double peers_points = 20;  // for infinitely many
constexpr double ways_points = 10;
constexpr double rpki_invalid_points = 15, rpki_valid_points = -30;
constexpr double sibling_points = -30, neighbor_points = -15;
constexpr double seen_before_points = -15;
constexpr double new_link_points = 10;
constexpr double registered_points = -10, registered_otherwise_points = 10;

// Nothing for the first, half of it for the second, and so on.
double of_many(double points, std::size_t count) {
  return count == 0 ? 0 : std::round(points * (1.0 - 1.0 / static_cast<double>(count)));
}

class Sum {
 public:
  void add(double points, std::string_view why) {
    if (points == 0) return;
    points_ += points;
    text_ += fmt::format(", {:+.0f} {}", points, why);
  }
  Confidence result() const {
    const double points = std::clamp(points_, 1.0, 99.0);
    return {points / 100.0, fmt::format("{}{:.0f} of 100: {:.0f} for a finding{}", confidence_words, points,
                                        base_points, text_)};
  }

 private:
  double points_ = base_points;
  std::string text_;
};

}  // namespace

Confidence confidence_of(const Indications& given) {
  Sum sum;
  sum.add(of_many(peers_points, given.peers), fmt::format("for {} peers", given.peers));
  sum.add(of_many(ways_points, given.ways), fmt::format("for {} different ASes behind them", given.ways));
  if (given.rpki == "invalid") sum.add(rpki_invalid_points, "as the route is RPKI invalid");
  if (given.rpki == "valid") sum.add(rpki_valid_points, "as the route is RPKI valid");
  if (given.kinship == Kinship::siblings) sum.add(sibling_points, "as both are of one organisation");
  if (given.kinship == Kinship::neighbors) sum.add(neighbor_points, "as they are known neighbours");
  if (given.seen_before) sum.add(seen_before_points, "as the same was seen more than a day before");
  if (given.new_link) sum.add(new_link_points, "as the AS next to the origin was never seen there");
  if (given.registration == rib::Registration::registered) {
    sum.add(registered_points, "as a route object has this origin");
  }
  if (given.registration == rib::Registration::other_origins) {
    sum.add(registered_otherwise_points, "as route objects have other origins only");
  }
  return sum.result();
}

void tell_confidence(const Confidence& confidence, std::vector<std::string>& evidence) {
  const auto former = std::ranges::find_if(
      evidence, [](const std::string& line) { return line.starts_with(confidence_words); });
  if (former == evidence.end()) {
    evidence.push_back(confidence.text);
  } else {
    *former = confidence.text;
  }
}

}  // namespace peering::detect
