#include "store/memory/telemetry_store.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <set>

#include "store/event_query.h"
#include "store/sketch_levels.h"

namespace peering::store {

namespace {

using model::SketchLevel;

bool in_scope(const std::string& scope, std::string_view connection, std::string_view prefix_resource) {
  const std::vector<std::string> scopes = scopes_of(connection, prefix_resource);
  return std::ranges::find(scopes, scope) != scopes.end();
}

// Answers of requests that came with an idempotency key.
struct Answer {
  std::string body_digest, answer;
  TimePoint at{};
};

class MemoryTelemetryStore final : public TelemetryStore {
 public:
  Result<void> append(const EventCommit& commit) override {
    const std::lock_guard lock(mutex_);
    for (const model::Event& event : commit.events) {
      const auto stored = events_.find(event.id.value);
      if (stored != events_.end() && stored->second == event) continue;
      events_.insert_or_assign(event.id.value, event);
      log_.emplace(++event_sequence_, event);
    }
    for (const model::Alert& alert : commit.alerts) alerts_.insert_or_assign(alert.id, alert);
    for (const model::Delivery& delivery : commit.outbox) outbox_.insert_or_assign(delivery.id, delivery);
    return {};
  }

  Result<EventPage> events(const EventQuery& query) override {
    const auto after = parse_page_token(query.after);
    if (!after) return tl::unexpected(after.error());
    const std::lock_guard lock(mutex_);
    const std::string scope = normal_scope(query.scope);
    std::map<EventPosition, const model::Event*> found;
    for (const auto& [id, event] : events_) {
      if (query.from && event.first_seen < *query.from) continue;
      if (query.to && event.first_seen >= *query.to) continue;
      const EventPosition position{event.first_seen, id};
      if (*after && position <= **after) continue;
      if (!in_scope(scope, event.connection, event.prefix_resource)) continue;
      if (matches(query, {event.kind, event.level, event.state, event.type})) found.emplace(position, &event);
    }
    EventPage page;
    for (const auto& [position, event] : found) {
      if (page.events.size() == page_size(query)) {
        page.next = to_page_token({page.events.back().first_seen, page.events.back().id.value});
        break;
      }
      page.events.push_back(*event);
    }
    return page;
  }

  Result<std::optional<model::Event>> event(const model::EventId& id) override {
    const std::lock_guard lock(mutex_);
    const auto found = events_.find(id.value);
    if (found == events_.end()) return std::nullopt;
    return found->second;
  }

  Result<std::vector<StoredEvent>> events_after(std::uint64_t sequence, std::size_t limit) override {
    const std::lock_guard lock(mutex_);
    std::vector<StoredEvent> out;
    for (auto at = log_.upper_bound(sequence); at != log_.end() && out.size() < limit; ++at) {
      out.push_back({at->first, at->second});
    }
    return out;
  }

  Result<std::uint64_t> last_event_sequence() override {
    const std::lock_guard lock(mutex_);
    return event_sequence_;
  }

  Result<std::vector<model::Event>> latest_events(model::EventKind kind) override {
    const std::lock_guard lock(mutex_);
    std::map<std::string, const model::Event*> latest;
    for (const auto& [id, event] : events_) {
      if (event.kind != kind || event.prefix_resource.empty()) continue;
      const model::Event*& best = latest[normal_scope(event.prefix_resource)];
      const bool better =
          !best || EventPosition{event.first_seen, id} < EventPosition{best->first_seen, best->id.value};
      if (better) best = &event;
    }
    std::vector<model::Event> out;
    for (const auto& [resource, event] : latest) out.push_back(*event);
    return out;
  }

  Result<std::vector<model::Event>> open_events() override {
    const std::lock_guard lock(mutex_);
    std::vector<model::Event> out;
    for (const auto& [id, event] : events_) {
      if (event.state == model::EventState::open) out.push_back(event);
    }
    return out;
  }

  Result<std::optional<model::Alert>> alert(std::string_view id) override {
    const std::lock_guard lock(mutex_);
    const auto found = alerts_.find(id);
    if (found == alerts_.end()) return std::nullopt;
    return found->second;
  }

  Result<std::vector<model::Alert>> alerts(std::string_view scope, std::size_t limit) override {
    const std::lock_guard lock(mutex_);
    const std::string wanted = normal_scope(scope);
    std::map<EventPosition, model::Alert> found;
    for (const auto& [id, alert] : alerts_) {
      if (in_scope(wanted, alert.connection, "")) found.emplace(EventPosition{alert.opened, id}, alert);
    }
    std::vector<model::Alert> out;
    for (auto& [position, alert] : found) {
      if (out.size() == limit) break;
      out.push_back(std::move(alert));
    }
    return out;
  }

  Result<std::vector<model::Delivery>> due(TimePoint now, std::size_t limit) override {
    const std::lock_guard lock(mutex_);
    std::map<std::tuple<TimePoint, TimePoint, std::string>, model::Delivery> found;
    for (const auto& [id, delivery] : outbox_) {
      if (delivery.due <= now) found.emplace(std::tuple(delivery.due, delivery.created, id), delivery);
    }
    std::vector<model::Delivery> out;
    for (auto& [order, delivery] : found) {
      if (out.size() == limit) break;
      out.push_back(std::move(delivery));
    }
    return out;
  }

  Result<void> settle_deliveries(std::span<const std::string> done,
                                 std::span<const model::Delivery> postponed) override {
    const std::lock_guard lock(mutex_);
    for (const std::string& id : done) outbox_.erase(id);
    for (const model::Delivery& delivery : postponed) outbox_.insert_or_assign(delivery.id, delivery);
    return {};
  }

  Result<Accepted> accept(const model::SampleBatch& batch, std::string_view answer) override {
    const std::lock_guard lock(mutex_);
    if (!batch.idempotency_key.empty()) {
      const auto [at, fresh] = answers_.try_emplace(
          batch.idempotency_key, Answer{batch.body_digest, std::string(answer), peering::now()});
      if (!fresh && at->second.body_digest != batch.body_digest) {
        return fail(ErrorCode::conflict, "idempotency key {}: came with another body before",
                    batch.idempotency_key);
      }
      if (!fresh) return Accepted{true, at->second.answer, 0};
    }
    pending_.emplace(++batch_sequence_, batch);
    return Accepted{false, std::string(answer), batch_sequence_};
  }

  Result<std::vector<PendingBatch>> pending(std::uint64_t after, std::size_t limit) override {
    const std::lock_guard lock(mutex_);
    std::vector<PendingBatch> out;
    for (auto at = pending_.upper_bound(after); at != pending_.end() && out.size() < limit; ++at) {
      out.push_back({at->first, at->second});
    }
    return out;
  }

  Result<void> settle(const model::SketchBatch& added, std::uint64_t through) override {
    const std::lock_guard lock(mutex_);
    if (through != 0 && through <= settled_through_) return {};
    std::vector<SketchRow> late;
    for (const model::SketchBatch::Row& row : added.rows) {
      SketchRow whole{added.key(row), row.start, std::string(added.sketch(row))};
      if (row.start < model::of(kept_from_, SketchLevel::five_minutes)) {
        late.push_back(std::move(whole));
        continue;
      }
      due_.emplace(whole.series.prefix_resource, model::day_of(row.start));
      add_row(std::move(whole));
    }
    if (auto summed_up = add_late(late); !summed_up) return summed_up;
    pending_.erase(pending_.begin(), pending_.upper_bound(through));
    settled_through_ = std::max(settled_through_, through);
    return {};
  }

  Result<Sketches> sketches(const SketchQuery& query) override {
    const std::lock_guard lock(mutex_);
    std::set<TimePoint> due;
    for (const auto& [resource, day] : due_) {
      if (resource == query.prefix_resource) due.insert(day);
    }
    Sketches out;
    out.settled_through = settled_through_;
    for (const LevelRange& range : levels_to_read(query, kept_from_, due)) {
      for (const auto& [key, bytes] : table(range.level)) {
        const auto& [start, series] = key;
        const bool asked =
            series.prefix_resource == query.prefix_resource && start >= range.from && start < range.to;
        if (!asked) continue;
        const auto known = std::ranges::find(out.series, series);
        const auto number = static_cast<std::uint32_t>(known - out.series.begin());
        if (known == out.series.end()) out.series.push_back(series);
        out.add(number, start, range.level, bytes);
      }
    }
    return out;
  }

  Result<std::size_t> roll_up(TimePoint before, std::size_t limit) override {
    const std::lock_guard lock(mutex_);
    return roll_up_due(before, limit);
  }

  Result<void> expire_sketches(const model::OfLevels<TimePoint>& before) override {
    const std::lock_guard lock(mutex_);
    const auto kept_from = raised(kept_from_, before);
    roll_up_due(model::of(kept_from, SketchLevel::five_minutes), due_.size());
    kept_from_ = kept_from;
    for (const SketchLevel level : model::sketch_levels) {
      std::erase_if(table(level),
                    [&](const auto& each) { return each.first.first < model::of(kept_from_, level); });
    }
    std::erase_if(due_, [&](const auto& each) {
      return each.second < model::of(kept_from_, SketchLevel::five_minutes);
    });
    return {};
  }

  Result<void> append_session_changes(std::span<const model::SessionChange> changes,
                                      TimePoint until) override {
    const std::lock_guard lock(mutex_);
    for (const model::SessionChange& each : changes) {
      std::erase_if(sessions_, [&](const auto& old) { return old.same_session(each) && old.at == each.at; });
      sessions_.insert(each);
    }
    sessions_known_until_ = std::max(sessions_known_until_.value_or(until), until);
    return {};
  }

  Result<std::vector<model::SessionChange>> session_changes(const SessionQuery& query) override {
    const std::lock_guard lock(mutex_);
    std::vector<model::SessionChange> out;
    for (const model::SessionChange& each : sessions_) {
      if (!query.peers.contains(each.peer_address) || each.at >= query.to) continue;
      const bool later = !out.empty() && out.back().same_session(each) && each.at <= query.from;
      if (later) out.pop_back();
      out.push_back(each);
    }
    return out;
  }

  Result<KnownSessions> known_sessions() override {
    const std::lock_guard lock(mutex_);
    KnownSessions out{sessions_known_until_, {}};
    for (const model::SessionChange& each : sessions_) {
      if (!out.latest.empty() && out.latest.back().same_session(each)) out.latest.pop_back();
      out.latest.push_back(each);
    }
    return out;
  }

  Result<void> expire(TimePoint before) override {
    constexpr std::chrono::hours keys_kept{48};
    const std::lock_guard lock(mutex_);
    std::erase_if(events_, [&](const auto& each) { return expired(each.second, before); });
    while (!log_.empty() && log_.begin()->second.last_seen < before) log_.erase(log_.begin());
    std::erase_if(alerts_, [&](const auto& each) { return expired(each.second, before); });
    for (auto each = sessions_.begin(); each != sessions_.end();) {
      const auto next = std::next(each);
      const bool followed = next != sessions_.end() && next->same_session(*each) && next->at <= before;
      each = followed ? sessions_.erase(each) : next;
    }
    const TimePoint oldest_key = peering::now() - keys_kept;
    std::erase_if(answers_, [&](const auto& each) { return each.second.at < oldest_key; });
    return {};
  }

 private:
  using SketchTable = std::map<std::pair<TimePoint, model::SeriesKey>, std::string>;
  SketchTable& table(SketchLevel level) { return sketches_[static_cast<std::size_t>(level)]; }

  std::size_t roll_up_due(TimePoint before, std::size_t limit) {
    std::size_t done = 0;
    for (auto each = due_.begin(); each != due_.end() && done < limit;) {
      const auto& [resource, day] = *each;
      const bool over = day + model::width_of(SketchLevel::day) <= before;
      if (!over || !roll_up_day(resource, day)) {
        ++each;
        continue;
      }
      each = due_.erase(each);
      ++done;
    }
    return done;
  }
  bool roll_up_day(const std::string& resource, TimePoint day) {
    std::vector<SketchRow> rows;
    for (const auto& [key, bytes] : table(SketchLevel::five_minutes)) {
      const auto& [start, series] = key;
      if (series.prefix_resource == resource && model::day_of(start) == day) {
        rows.push_back({series, start, bytes});
      }
    }
    const auto coarse = rolled_up(rows);
    if (!coarse) return false;
    for (const SketchRow& row : *coarse) {
      if (day < model::of(kept_from_, row.level)) continue;
      table(row.level).insert_or_assign(std::pair(row.start, row.series), row.bytes);
    }
    return true;
  }
  Result<void> add_late(std::span<const SketchRow> late) {
    auto rows = rolled_up(late);
    if (!rows) return tl::unexpected(rows.error());
    for (SketchRow& row : *rows) {
      if (model::day_of(row.start) >= model::of(kept_from_, row.level)) add_row(std::move(row));
    }
    return {};
  }
  // A damaged sketch stands for all of its series and bin.
  void add_row(SketchRow row) {
    const auto [at, is_new] = table(row.level).try_emplace(std::pair(row.start, row.series), row.bytes);
    if (is_new) return;
    auto sum = merged(at->second, row.bytes);
    at->second = sum ? std::move(*sum) : std::move(row.bytes);
  }

  std::mutex mutex_;
  std::map<std::string, model::Event> events_;
  std::map<std::uint64_t, model::Event> log_;
  std::map<std::string, model::Alert, std::less<>> alerts_;
  std::map<std::string, model::Delivery> outbox_;
  std::map<std::string, Answer> answers_;
  std::map<std::uint64_t, model::SampleBatch> pending_;
  model::OfLevels<SketchTable> sketches_;
  std::set<std::pair<std::string, TimePoint>> due_;  // prefix resources and days to be rolled up
  model::OfLevels<TimePoint> kept_from_ = {TimePoint::min(), TimePoint::min(), TimePoint::min(),
                                           TimePoint::min()};
  std::set<model::SessionChange> sessions_;  // in order of session and time
  std::optional<TimePoint> sessions_known_until_;
  std::uint64_t event_sequence_ = 0, batch_sequence_ = 0, settled_through_ = 0;
};

}  // namespace

std::unique_ptr<TelemetryStore> make_memory_telemetry_store() {
  return std::make_unique<MemoryTelemetryStore>();
}

}  // namespace peering::store
