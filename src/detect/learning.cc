#include "detect/learning.h"

#include <algorithm>

#include "detect/judgement.h"

namespace peering::detect {

namespace {

using model::EventKind;
using Learned = tl::expected<Lesson, Refusal>;

// One change can uncover the next finding: origin, upstream, length, sequence of hops, rule.
constexpr int rounds_max = 6;

tl::unexpected<Refusal> refuse(std::string why, bool forcible = false) {
  return tl::unexpected(Refusal{std::move(why), forcible});
}

class Teacher {
 public:
  Teacher(const model::Event& event, const model::Expectation& current, const rib::VrpTable* vrps, bool force)
      : event_(event), vrps_(vrps), force_(force) {
    lesson_.expectation = current;
    attributes_.as_path = wire::bgp::AsPath::sequence(event.as_path);
    view_ = view_of(peer_, attributes_);
  }

  Learned teach() {
    switch (event_.kind) {
      case EventKind::origin_hijack:
      case EventKind::subprefix_hijack:
      case EventKind::squatting:
      case EventKind::new_prefix:
      case EventKind::path_forged_first_hop:
      case EventKind::path_rule:
        return teach_route();
      case EventKind::route_leak:
        return teach_leak();
      case EventKind::rpki_invalid:
      case EventKind::rpki_not_found:
      case EventKind::rpki_roa_lost:
        return exclude_kind("what the RPKI says is changed by a ROA, not by an expectation");
      case EventKind::visibility_loss:
        return teach_visibility();
      default:
        return refuse(
            fmt::format("A {} event says what happened, not that something was unexpected: there is "
                        "nothing to learn from it.",
                        to_string(event_.kind)));
    }
  }

 private:
  template <class... Words>
  void note(std::string_view field, json::value value, fmt::format_string<Words...> format,
            Words&&... words) {
    lesson_.reasons.push_back(
        {std::string(field), std::move(value), fmt::format(format, std::forward<Words>(words)...)});
  }

  // What the detectors find in the event's route under what is expected by now.
  std::vector<Finding> findings() const {
    auto entry = std::make_shared<model::RegisteredPrefix>();
    entry->resource = event_.prefix_resource;
    entry->expectation = lesson_.expectation;
    const Deciding deciding{"", lesson_.expectation.prefix, {entry}};
    const Settings settings;
    const LostRoas none;
    return judge({deciding, peer_, event_.observed, view_, attributes_, settings, none});
  }

  Learned teach_route() {
    if (event_.as_path.empty()) return refuse("The event has no AS path.");
    // The path of an event does not tell a set from a sequence.
    if (!event_.origin) return refuse("The path ends in an AS_SET: no one origin can be learned.");
    if (is_invalid() && !force_) {
      return refuse(fmt::format("{} from AS{} is RPKI invalid: a ROA should allow it first.",
                                event_.observed.to_string(), *event_.origin),
                    true);
    }
    for (int round = 0; round < rounds_max; ++round) {
      const std::vector<Finding> found = findings();
      const auto at = std::ranges::find_if(
          found, [](const Finding& finding) { return finding.kind != EventKind::route_leak; });
      if (at == found.end()) return std::move(lesson_);
      if (auto done = accept(*at); !done) return tl::unexpected(done.error());
    }
    return refuse("No small change makes this route an expected one.");
  }

  bool is_invalid() const {
    return vrps_ && vrps_->validity(event_.observed, *event_.origin) == rib::Validity::invalid;
  }

  tl::expected<void, Refusal> accept(const Finding& finding) {
    switch (finding.kind) {
      case EventKind::origin_hijack:
      case EventKind::subprefix_hijack:
      case EventKind::squatting:
        lesson_.expectation.origins.push_back({*view_.origin, *view_.origin});
        note("asn", *view_.origin, "AS{} may announce {}", *view_.origin,
             lesson_.expectation.prefix.to_string());
        return {};
      case EventKind::path_forged_first_hop:
        lesson_.expectation.upstreams->push_back(*view_.neighbor);
        note("upstreams", *view_.neighbor, "AS{} may stand next to the origin", *view_.neighbor);
        return {};
      case EventKind::new_prefix:
        accept_length();
        return {};
      default:
        return finding.discriminator == no_suspect ? accept_under_rules() : accept_sequence();
    }
  }

  void accept_length() {
    const int length = event_.observed.length();
    auto& range = lesson_.expectation.lengths;
    if (!range) range = {length, length};
    range->min = std::min(range->min, length);
    range->max = std::max(range->max, length);
    note("lengths", length, "more-specifics of /{} are watched as if they were registered", length);
  }

  tl::expected<void, Refusal> accept_sequence() {
    std::vector<net::Asn> sequence;
    const auto& path = view_.path;
    std::size_t at = path.size() - 1;  // the hops left of the last AS, down to the first that is not it
    while (at > 0) {
      sequence.insert(sequence.begin(), path[--at]);
      if (path[at] != path.back()) break;
    }
    json::array value;
    for (const net::Asn asn : sequence) value.push_back(asn);
    note("prepend_seq", std::move(value), "these hops may stand left of the origin");
    lesson_.expectation.prepend_sequences.push_back(std::move(sequence));
    return {};
  }

  // A limit of length is moved; what a pattern says is somebody's wish.
  tl::expected<void, Refusal> accept_under_rules() {
    const std::string text = fmt::format("{}", fmt::join(view_.path, ","));
    const auto length = static_cast<std::uint32_t>(view_.path.size());
    for (model::PathRule& rule : lesson_.expectation.path_rules) {
      if (!rule.fires(text, length)) continue;
      if (rule.match || rule.not_match) {
        return refuse(fmt::format("The path {} is what a rule of `path` describes{}: change that rule.", text,
                                  rule.description.empty() ? "" : " (" + rule.description + ")"));
      }
      if (rule.length_max && length > *rule.length_max) rule.length_max = length;
      if (rule.length_min && length < *rule.length_min) rule.length_min = length;
      note("path", model::to_json(rule), "paths of {} AS numbers are within the limit", length);
    }
    return {};
  }

  Learned teach_leak() {
    const model::Expectation& expected = lesson_.expectation;
    const bool of_policy = expected.no_export && event_.suspect && event_.suspect == view_.neighbor;
    if (!of_policy) {
      return exclude_kind("who may pass routes on to whom is known from topology, not from expectations");
    }
    if (!force_) {
      return refuse("The neighbours of the origin must not export it (`policies`): learning this drops that.",
                    true);
    }
    lesson_.expectation.no_export = false;
    note("policies", nullptr, "neighbours of the origin may export it");
    return std::move(lesson_);
  }

  // The last resort: nobody is told of this kind any more.
  Learned exclude_kind(std::string_view why_not) {
    if (!force_) {
      return refuse(fmt::format("This is not to be learned: {}. Insisting turns {} off for this prefix.",
                                why_not, to_string(event_.kind)),
                    true);
    }
    auto& kinds = lesson_.expectation.exclude_kinds;
    if (std::ranges::find(kinds, event_.kind) == kinds.end()) {
      kinds.push_back(event_.kind);
      note("excludeKinds", json::string(to_string(event_.kind)), "this kind is not judged for the prefix");
    }
    return std::move(lesson_);
  }

  Learned teach_visibility() {
    auto& required = lesson_.expectation.require_upstreams;
    if (!event_.neighbor) {
      return refuse("Peers lost the prefix: that is no matter of what is expected.");
    }
    if (erase(required, *event_.neighbor) > 0) {
      note("require_upstreams", *event_.neighbor, "AS{} need not be seen next to the origin",
           *event_.neighbor);
    }
    return std::move(lesson_);
  }

  const model::Event& event_;
  const rib::VrpTable* vrps_;
  const bool force_;
  const rib::Peer peer_;  // nobody in particular: the path is as it was judged
  wire::bgp::PathAttributes attributes_;
  PathView view_;
  Lesson lesson_;
};

}  // namespace

Learned learn(const model::Event& event, const model::Expectation& current, const rib::VrpTable* vrps,
              bool force) {
  return Teacher(event, current, vrps, force).teach();
}

}  // namespace peering::detect
