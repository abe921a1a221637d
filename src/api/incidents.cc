// Incidents of a scope: its events, grouped by the incident that each names.
//
// The list goes through the events from the newest on. An incident stands in it where the oldest of those of
// its events that the filter's query finds stands, which later events do not change, so that pages stay
// stable. What belongs to it is found among the events of the scope that begin within its span.
#include <unordered_map>

#include "api/arm/paging.h"
#include "api/documents.h"
#include "api/handlers.h"
#include "api/incident_filter.h"
#include "store/event_query.h"

namespace peering::api {

namespace {

constexpr std::size_t events_read_at_once = 500;
// A page ends early, with a link to go on, when so many events were looked at or read for it.
constexpr std::size_t looked_at_max = 20'000, read_max = 50'000;
constexpr std::size_t incident_events_max = 20'000;

struct Found {
  model::Incident incident;
  std::string place;  // id of the event at whose place the incident is listed
};

class Report {
 public:
  Report(const Call& call, IncidentFilter filter) : call_(call), filter_(std::move(filter)) {
    filter_.query.scope = call.base_key();
    filter_.query.limit = events_read_at_once;
  }

  // Only events that begin when those of the incident do. An event that stands alone is found by its id,
  // which says nothing of time.
  Result<void> look_for(const std::string& id) {
    const auto alone = call_.services.telemetry.event(model::EventId(id));
    if (!alone) return tl::unexpected(alone.error());
    const bool is_alone = *alone && (*alone)->incident_id == id;
    const auto span = is_alone
                          ? model::IncidentSpan{(*alone)->first_seen, (*alone)->first_seen + Microseconds(1)}
                          : model::incident_span(id).value_or(model::IncidentSpan{});
    store::EventQuery& query = filter_.query;
    query.from = std::max(query.from.value_or(span.from), span.from);
    query.to = std::min(query.to.value_or(span.to), span.to);
    return {};
  }

  // A page from `after` on; gives the place to go on from, empty at the end.
  Result<std::string> fill(std::size_t limit, std::string after, json::array& items) {
    std::size_t looked_at = 0;
    filter_.query.after = std::move(after);
    while (true) {
      const auto page = call_.services.telemetry.events(filter_.query);
      if (!page) return tl::unexpected(page.error());
      for (const model::Event& event : page->events) {
        const auto done = look_at(event, items);
        if (!done) return tl::unexpected(done.error());
        if (items.size() == limit || ++looked_at == looked_at_max || read_ >= read_max) {
          const bool last = page->next.empty() && &event == &page->events.back();
          return last ? "" : store::to_page_token({event.first_seen, event.id.value});
        }
      }
      if (page->next.empty()) return "";
      filter_.query.after = page->next;
    }
  }

 private:
  Result<void> look_at(const model::Event& event, json::array& items) {
    auto found = found_.find(event.incident_id);
    if (found == found_.end()) {
      auto read = event.incident_id == event.id.value ? alone(event) : gather(event);
      if (!read) return tl::unexpected(read.error());
      found = found_.emplace(event.incident_id, std::move(*read)).first;
    }
    const Found& each = found->second;
    if (each.place == event.id.value && filter_.wanted(each.incident)) {
      items.push_back(each.incident.to_json(call_.at));
    }
    return {};
  }

  static Result<Found> alone(const model::Event& event) {
    Found out{model::Incident(event), event.id.value};
    out.incident.add(event);
    return out;
  }

  bool finds(const model::Event& event) const {
    const store::EventQuery& query = filter_.query;
    if (query.from && event.first_seen < *query.from) return false;
    if (query.to && event.first_seen >= *query.to) return false;
    return store::matches(query, {event.kind, event.level, event.state, event.type});
  }

  Result<Found> gather(const model::Event& of) {
    const auto span = model::incident_span(of.incident_id);
    if (!span) return alone(of);
    Found out{model::Incident(of), of.id.value};
    store::EventQuery query;
    query.scope = filter_.query.scope;
    query.from = span->from;
    query.to = span->to;
    query.limit = events_read_at_once;
    for (std::size_t read = 0;;) {
      const auto page = call_.services.telemetry.events(query);
      if (!page) return tl::unexpected(page.error());
      for (const model::Event& event : page->events) {
        if (event.incident_id != of.incident_id) continue;
        out.incident.add(event);
        if (finds(event)) out.place = event.id.value;
      }
      read += page->events.size();
      read_ += page->events.size();
      if (page->next.empty()) return out;
      if (read >= incident_events_max) {
        out.incident.cut_short();
        return out;
      }
      query.after = page->next;
    }
  }

  const Call& call_;
  IncidentFilter filter_;
  std::unordered_map<std::string, Found> found_;
  std::size_t read_ = 0;
};

}  // namespace

arm::Answer list_incidents(Call& call) {
  const std::string scope = call.base_key();
  if (scope.find("/providers/") != std::string::npos) {
    if (const auto base = load_parent(call, scope); !base) return tl::unexpected(base.error());
  }
  auto filter = read_incident_filter(call.query.get("$filter").value_or(""));
  if (!filter) return arm::failed(filter.error());
  const auto page = arm::read_page(call.query);
  if (!page) return tl::unexpected(page.error());
  json::array items;
  const std::string id = filter->id;
  Report report(call, std::move(*filter));
  if (!id.empty()) {
    if (auto found = report.look_for(id); !found) return arm::failed(found.error());
  }
  const auto next = report.fill(page->limit, page->after, items);
  if (!next) return arm::failed(next.error());
  return arm::list_response(call.request, call.query, std::move(items), *next);
}

}  // namespace peering::api
