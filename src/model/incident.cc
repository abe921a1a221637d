#include "model/incident.h"

#include <algorithm>
#include <charconv>

#include "base/digest.h"

namespace peering::model {

namespace {

constexpr std::size_t start_digits = 8, hash_bytes = 12, id_digits = start_digits + 2 * hash_bytes;

// Names of prefixes and connections are counted, but not kept without end.
constexpr std::size_t distinct_max = 20'000;

template <class Range>
json::array first_of(const Range& range, std::size_t most) {
  json::array out;
  for (const auto& item : range) {
    if (out.size() == most) break;
    out.emplace_back(item);
  }
  return out;
}

void push_older(std::deque<std::string>& list, std::string item, std::size_t most) {
  list.push_front(std::move(item));
  if (list.size() > most) list.pop_back();
}

void insert_bounded(std::set<std::string>& into, std::string item) {
  if (into.size() < distinct_max) into.insert(std::move(item));
}

}  // namespace

std::string make_incident_id(std::string_view tenant, std::string_view cause, TimePoint first_seen) {
  const std::int64_t step = std::max<std::int64_t>(to_us(first_seen), 0) / incident_step.count();
  const Sha256 digest = sha256(fmt::format("incident\n{}\n{}\n{}", tenant, cause, step));
  return fmt::format("{:08x}{}", static_cast<std::uint32_t>(step),
                     to_hex(std::span(digest).first(hash_bytes)));
}

std::optional<IncidentSpan> incident_span(std::string_view incident_id) {
  const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  if (incident_id.size() != id_digits || !std::ranges::all_of(incident_id, is_digit)) return std::nullopt;
  std::uint32_t step = 0;
  std::from_chars(incident_id.data(), incident_id.data() + start_digits, step, 16);
  const TimePoint start = time_from_us(static_cast<std::int64_t>(step) * incident_step.count());
  return IncidentSpan{start - incident_step, start + incident_window};
}

namespace {

// A verdict that names somebody is clearer than one that does not; the more it explains, the clearer.
std::pair<int, double> clearness(const Blame& blame) {
  const int names = blame.verdict == BlameVerdict::insufficient ? 0
                    : blame.verdict == BlameVerdict::ambiguous  ? 1
                                                                : 2;
  return {names, blame.share};
}

}  // namespace

void Incident::add(const Event& event) {
  const bool first = events_ == 0;
  ++events_;
  if (event.state == EventState::open) ++open_;
  level_ = std::max(level_, event.level);
  first_seen_ = first ? event.first_seen : std::min(first_seen_, event.first_seen);
  last_seen_ = first ? event.last_seen : std::max(last_seen_, event.last_seen);
  resolved_at_ = std::max(resolved_at_, event.resolved_at.value_or(event.first_seen));
  kinds_.insert(event.kind);
  types_.insert(event.type);
  if (event.suspect) suspects_.insert(*event.suspect);
  insert_bounded(prefixes_, event.prefix.to_string());
  insert_bounded(connections_, event.connection);
  push_older(event_ids_, event.id.value, listed_max);
  const std::string& evidence = event.evidence.empty() ? event.description : event.evidence.front();
  push_older(evidence_, fmt::format("{}: {}", event.observed.to_string(), evidence), evidence_max);
  oldest_summary_ = event.summary;
  if (event.blame && (!blame_ || clearness(*event.blame) >= clearness(*blame_))) blame_ = event.blame;
}

std::string Incident::summary() const {
  if (events_ == 1) return oldest_summary_;
  std::string kinds;
  for (const EventKind kind : kinds_) kinds += (kinds.empty() ? "" : ", ") + std::string(to_string(kind));
  const std::string who = suspects_.size() == 1 ? fmt::format("AS{}: ", *suspects_.begin()) : "";
  return fmt::format("{}{} events on {} prefix{}: {}", who, events_, prefixes_.size(),
                     prefixes_.size() == 1 ? "" : "es", kinds);
}

json::value Incident::to_json(TimePoint now) const {
  json::array kinds;
  for (const EventKind kind : kinds_) kinds.emplace_back(to_string(kind));
  const bool open = state() == EventState::open;
  const TimePoint end = std::max(open ? now : resolved_at_, first_seen_);
  json::object out{{"id", id_},
                   {"state", to_string(state())},
                   {"level", to_string(level_)},
                   {"kinds", std::move(kinds)},
                   {"summary", summary()},
                   {"firstSeen", format_rfc3339(first_seen_)},
                   {"lastSeen", format_rfc3339(last_seen_)}};
  if (!open) out["resolvedAt"] = format_rfc3339(end);
  out["durationSeconds"] = static_cast<double>((end - first_seen_).count()) / 1e6;
  out["suspectAsns"] = first_of(suspects_, listed_max);
  out["eventCount"] = events_;
  out["openEventCount"] = open_;
  out["prefixCount"] = prefixes_.size();
  out["prefixes"] = first_of(prefixes_, listed_max);
  out["connections"] = first_of(connections_, listed_max);
  out["evidence"] = first_of(evidence_, evidence_max);
  out["events"] = first_of(event_ids_, listed_max);
  if (blame_) out["blame"] = peering::model::to_json(*blame_);
  out["complete"] = complete_;
  return out;
}

}  // namespace peering::model
