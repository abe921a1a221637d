#include "store/rocksdb/event_tables.h"

#include <algorithm>

#include "store/event_query.h"
#include "store/rocksdb/keys.h"
#include "store/rocksdb/slices.h"

namespace peering::store::rocks {

namespace {

constexpr std::string_view sequence_state = "event_sequence";

template <class T, class FromJson>
Result<T> parse_record(std::string_view text, FromJson from_json) {
  const auto value = parse_json(text);
  if (!value) return fail(ErrorCode::corrupt, "telemetry store: {}", value.error().message);
  auto record = from_json(*value);
  if (!record) return fail(ErrorCode::corrupt, "telemetry store: {}", record.error().message);
  return record;
}
Result<model::Event> parse_event(std::string_view text) {
  return parse_record<model::Event>(text, model::event_from_json);
}
Result<model::Alert> parse_alert(std::string_view text) {
  return parse_record<model::Alert>(text, model::alert_from_json);
}
Result<model::Delivery> parse_delivery(std::string_view text) {
  return parse_record<model::Delivery>(text, model::delivery_from_json);
}

// What filters look at, kept beside the index so that a page is found without reading every event.
std::string traits_bytes(const model::Event& event) {
  std::string out{static_cast<char>(event.kind), static_cast<char>(event.level),
                  static_cast<char>(event.state)};
  return out + event.type;
}
EventTraits read_traits(std::string_view bytes) {
  if (bytes.size() < 3) return {};
  return {static_cast<model::EventKind>(bytes[0]), static_cast<model::Level>(bytes[1]),
          static_cast<model::EventState>(bytes[2]), bytes.substr(3)};
}

void remove_event_indexes(Batch& batch, const model::Event& event) {
  for (const std::string& scope : scopes_of(event.connection, event.prefix_resource)) {
    batch.remove(Table::events_by_scope, position_key(scope, {event.first_seen, event.id.value}));
  }
  batch.remove(Table::open_events, event.id.value);
}

void remove_alert_indexes(Batch& batch, const model::Alert& alert) {
  for (const std::string& scope : scopes_of(alert.connection, "")) {
    batch.remove(Table::alerts_by_scope, position_key(scope, {alert.opened, alert.id}));
  }
}

// Where a listing starts: after the page before, and not before `to`.
std::string first_key(const EventQuery& query, const std::string& scope,
                      const std::optional<EventPosition>& after) {
  std::string key = scope_prefix(scope);
  if (query.to) key = std::max(key, position_bound(scope, *query.to - Microseconds(1)));
  if (after) key = std::max(key, position_key(scope, *after) + '\0');
  return key;
}

}  // namespace

Result<void> EventTables::load() {
  const auto stored = database_.get(Table::state, sequence_state);
  if (!stored) return tl::unexpected(stored.error());
  if (*stored) sequence_ = read_sequence(**stored);
  return {};
}

Result<void> EventTables::append(const EventCommit& commit) {
  const std::lock_guard lock(writer_mutex_);
  Batch batch = database_.batch();
  std::uint64_t sequence = sequence_;
  Written events, alerts, deliveries;
  for (const model::Event& event : commit.events) {
    if (auto put = put_event(batch, event, sequence, events); !put) return put;
  }
  for (const model::Alert& alert : commit.alerts) {
    if (auto put = put_alert(batch, alert, alerts); !put) return put;
  }
  for (const model::Delivery& delivery : commit.outbox) {
    if (auto put = put_delivery(batch, delivery, deliveries); !put) return put;
  }
  if (batch.empty()) return {};
  if (sequence != sequence_) batch.put(Table::state, sequence_state, sequence_key(sequence));
  auto written = database_.write(batch);
  if (written) sequence_ = sequence;
  return written;
}

// The record as it is stored now, or as this batch has it so far.
Result<std::optional<std::string>> EventTables::current(Table table, const std::string& id,
                                                        const Written& written) const {
  if (const auto found = written.find(id); found != written.end()) return found->second;
  return database_.get(table, id);
}

Result<void> EventTables::put_event(Batch& batch, const model::Event& event, std::uint64_t& sequence,
                                    Written& written) {
  const std::string text = json::serialize(model::to_json(event));
  const auto before = current(Table::events, event.id.value, written);
  if (!before) return tl::unexpected(before.error());
  if (*before == text) return {};
  if (*before) {
    const auto old = parse_event(**before);
    if (!old) return tl::unexpected(old.error());
    remove_event_indexes(batch, *old);
  }
  for (const std::string& scope : scopes_of(event.connection, event.prefix_resource)) {
    batch.put(Table::events_by_scope, position_key(scope, {event.first_seen, event.id.value}),
              traits_bytes(event));
  }
  if (event.state == model::EventState::open) batch.put(Table::open_events, event.id.value, "");
  batch.put(Table::events, event.id.value, text);
  batch.put(Table::event_log, sequence_key(++sequence), text);
  written[event.id.value] = text;
  return {};
}

Result<void> EventTables::put_alert(Batch& batch, const model::Alert& alert, Written& written) {
  const auto before = current(Table::alerts, alert.id, written);
  if (!before) return tl::unexpected(before.error());
  if (*before) {
    const auto old = parse_alert(**before);
    if (!old) return tl::unexpected(old.error());
    remove_alert_indexes(batch, *old);
  }
  for (const std::string& scope : scopes_of(alert.connection, "")) {
    batch.put(Table::alerts_by_scope, position_key(scope, {alert.opened, alert.id}), "");
  }
  const std::string text = json::serialize(model::to_json(alert));
  batch.put(Table::alerts, alert.id, text);
  written[alert.id] = text;
  return {};
}

Result<void> EventTables::put_delivery(Batch& batch, const model::Delivery& delivery, Written& written) {
  if (auto removed = remove_delivery(batch, delivery.id, written); !removed) return removed;
  const std::string text = json::serialize(model::to_json(delivery));
  batch.put(Table::outbox, delivery.id, text);
  batch.put(Table::outbox_by_due, due_key(delivery), "");
  written[delivery.id] = text;
  return {};
}

Result<void> EventTables::remove_delivery(Batch& batch, const std::string& id, const Written& written) {
  const auto before = current(Table::outbox, id, written);
  if (!before) return tl::unexpected(before.error());
  if (!*before) return {};
  const auto old = parse_delivery(**before);
  if (!old) return tl::unexpected(old.error());
  batch.remove(Table::outbox, id);
  batch.remove(Table::outbox_by_due, due_key(*old));
  return {};
}

Result<EventPage> EventTables::events(const EventQuery& query) {
  const auto after = parse_page_token(query.after);
  if (!after) return tl::unexpected(after.error());
  const std::string scope = normal_scope(query.scope), prefix = scope_prefix(scope);
  auto snapshot = database_.snapshot();
  const auto at = database_.iterate(Table::events_by_scope, snapshot.snapshot());
  EventPage page;
  for (at->Seek(slice(first_key(query, scope, *after))); at->Valid(); at->Next()) {
    if (!view(at->key()).starts_with(prefix)) break;
    const auto position = read_position(view(at->key()), scope);
    if (!position) return fail(ErrorCode::corrupt, "telemetry store: damaged key of an event");
    if (query.from && position->first_seen < *query.from) break;
    if (!matches(query, read_traits(view(at->value())))) continue;
    if (page.events.size() == page_size(query)) {
      const model::Event& last = page.events.back();
      page.next = to_page_token({last.first_seen, last.id.value});
      break;
    }
    const auto text = database_.get(Table::events, position->id, snapshot.snapshot());
    if (!text) return tl::unexpected(text.error());
    if (!*text)
      return fail(ErrorCode::corrupt, "telemetry store: event {} is listed but absent", position->id);
    auto event = parse_event(**text);
    if (!event) return tl::unexpected(event.error());
    page.events.push_back(std::move(*event));
  }
  if (!at->status().ok()) return failed(at->status(), "list events");
  return page;
}

Result<std::optional<model::Event>> EventTables::event(std::string_view id) {
  const auto text = database_.get(Table::events, id);
  if (!text) return tl::unexpected(text.error());
  if (!*text) return std::nullopt;
  return parse_event(**text);
}

Result<std::vector<StoredEvent>> EventTables::events_after(std::uint64_t sequence, std::size_t limit) {
  const auto at = database_.iterate(Table::event_log);
  std::vector<StoredEvent> out;
  const std::string first = sequence_key(sequence) + '\0';
  for (at->Seek(slice(first)); at->Valid() && out.size() < limit; at->Next()) {
    auto event = parse_event(view(at->value()));
    if (!event) return tl::unexpected(event.error());
    out.push_back({read_sequence(view(at->key())), std::move(*event)});
  }
  if (!at->status().ok()) return failed(at->status(), "follow events");
  return out;
}

Result<std::uint64_t> EventTables::last_sequence() {
  const std::lock_guard lock(writer_mutex_);
  return sequence_;
}

Result<std::vector<model::Event>> EventTables::open_events() {
  auto snapshot = database_.snapshot();
  const auto at = database_.iterate(Table::open_events, snapshot.snapshot());
  std::vector<model::Event> out;
  for (at->SeekToFirst(); at->Valid(); at->Next()) {
    const auto text = database_.get(Table::events, view(at->key()), snapshot.snapshot());
    if (!text) return tl::unexpected(text.error());
    auto event = parse_event(text->value_or(""));
    if (!event) return tl::unexpected(event.error());
    out.push_back(std::move(*event));
  }
  if (!at->status().ok()) return failed(at->status(), "list open events");
  return out;
}

// Goes from scope to scope of the index; only of a prefix all events have the scope as their resource.
Result<std::vector<model::Event>> EventTables::latest_events(model::EventKind kind) {
  auto snapshot = database_.snapshot();
  const auto at = database_.iterate(Table::events_by_scope, snapshot.snapshot());
  const auto event_here = [&](const std::string& scope) -> Result<model::Event> {
    const auto position = read_position(view(at->key()), scope);
    if (!position) return fail(ErrorCode::corrupt, "telemetry store: damaged key of an event");
    const auto text = database_.get(Table::events, position->id, snapshot.snapshot());
    if (!text) return tl::unexpected(text.error());
    return parse_event(text->value_or(""));
  };
  std::vector<model::Event> out;
  for (at->SeekToFirst(); at->Valid();) {
    const std::string scope(view(at->key()).substr(0, view(at->key()).find('\0')));
    const std::string prefix = scope_prefix(scope);
    auto first = event_here(scope);
    if (!first) return tl::unexpected(first.error());
    while (!scope.empty() && normal_scope(first->prefix_resource) == scope && at->Valid() &&
           view(at->key()).starts_with(prefix)) {
      if (read_traits(view(at->value())).kind != kind) {
        at->Next();
        continue;
      }
      auto latest = event_here(scope);
      if (!latest) return tl::unexpected(latest.error());
      out.push_back(std::move(*latest));
      break;
    }
    at->Seek(slice(scope + '\1'));
  }
  if (!at->status().ok()) return failed(at->status(), "list latest events");
  return out;
}

Result<std::optional<model::Alert>> EventTables::alert(std::string_view id) {
  const auto text = database_.get(Table::alerts, id);
  if (!text) return tl::unexpected(text.error());
  if (!*text) return std::nullopt;
  return parse_alert(**text);
}

Result<std::vector<model::Alert>> EventTables::alerts(std::string_view scope, std::size_t limit) {
  const std::string wanted = normal_scope(scope), prefix = scope_prefix(wanted);
  auto snapshot = database_.snapshot();
  const auto at = database_.iterate(Table::alerts_by_scope, snapshot.snapshot());
  std::vector<model::Alert> out;
  for (at->Seek(slice(prefix)); at->Valid() && out.size() < limit; at->Next()) {
    if (!view(at->key()).starts_with(prefix)) break;
    const auto position = read_position(view(at->key()), wanted);
    if (!position) return fail(ErrorCode::corrupt, "telemetry store: damaged key of an alert");
    const auto text = database_.get(Table::alerts, position->id, snapshot.snapshot());
    if (!text) return tl::unexpected(text.error());
    auto alert = parse_alert(text->value_or(""));
    if (!alert) return tl::unexpected(alert.error());
    out.push_back(std::move(*alert));
  }
  if (!at->status().ok()) return failed(at->status(), "list alerts");
  return out;
}

Result<std::vector<model::Delivery>> EventTables::due(TimePoint now, std::size_t limit) {
  auto snapshot = database_.snapshot();
  const auto at = database_.iterate(Table::outbox_by_due, snapshot.snapshot());
  const std::string end = due_end(now);
  std::vector<model::Delivery> out;
  for (at->SeekToFirst(); at->Valid() && out.size() < limit && view(at->key()) < end; at->Next()) {
    const auto text = database_.get(Table::outbox, delivery_of_due_key(view(at->key())), snapshot.snapshot());
    if (!text) return tl::unexpected(text.error());
    auto delivery = parse_delivery(text->value_or(""));
    if (!delivery) return tl::unexpected(delivery.error());
    out.push_back(std::move(*delivery));
  }
  if (!at->status().ok()) return failed(at->status(), "list deliveries");
  return out;
}

Result<void> EventTables::settle_deliveries(std::span<const std::string> done,
                                            std::span<const model::Delivery> postponed) {
  const std::lock_guard lock(writer_mutex_);
  Batch batch = database_.batch();
  Written written;
  for (const std::string& id : done) {
    if (auto removed = remove_delivery(batch, id, written); !removed) return removed;
  }
  for (const model::Delivery& delivery : postponed) {
    if (auto put = put_delivery(batch, delivery, written); !put) return put;
  }
  return batch.empty() ? Result<void>{} : database_.write(batch);
}

Result<void> EventTables::expire(TimePoint before) {
  const std::lock_guard lock(writer_mutex_);
  Batch batch = database_.batch();
  if (auto done = expire_events(batch, before); !done) return done;
  if (auto done = expire_alerts(batch, before); !done) return done;
  if (auto done = expire_log(batch, before); !done) return done;
  return batch.empty() ? Result<void>{} : database_.write(batch);
}

// The index of everything, from the first event that began before `before`: those that lasted longer stay.
Result<void> EventTables::expire_events(Batch& batch, TimePoint before) {
  const auto at = database_.iterate(Table::events_by_scope);
  const std::string prefix = scope_prefix("");
  for (at->Seek(slice(position_bound("", before))); at->Valid(); at->Next()) {
    if (!view(at->key()).starts_with(prefix)) break;
    const auto position = read_position(view(at->key()), "");
    if (!position) return fail(ErrorCode::corrupt, "telemetry store: damaged key of an event");
    const auto found = event(position->id);
    if (!found) return tl::unexpected(found.error());
    if (!*found || !expired(**found, before)) continue;
    remove_event_indexes(batch, **found);
    batch.remove(Table::events, position->id);
  }
  return at->status().ok() ? Result<void>{} : failed(at->status(), "expire events");
}

Result<void> EventTables::expire_alerts(Batch& batch, TimePoint before) {
  const auto at = database_.iterate(Table::alerts_by_scope);
  const std::string prefix = scope_prefix("");
  for (at->Seek(slice(position_bound("", before))); at->Valid(); at->Next()) {
    if (!view(at->key()).starts_with(prefix)) break;
    const auto position = read_position(view(at->key()), "");
    if (!position) return fail(ErrorCode::corrupt, "telemetry store: damaged key of an alert");
    const auto found = alert(position->id);
    if (!found) return tl::unexpected(found.error());
    if (!*found || !expired(**found, before)) continue;
    remove_alert_indexes(batch, **found);
    batch.remove(Table::alerts, position->id);
  }
  return at->status().ok() ? Result<void>{} : failed(at->status(), "expire alerts");
}

Result<void> EventTables::expire_log(Batch& batch, TimePoint before) {
  const auto at = database_.iterate(Table::event_log);
  for (at->SeekToFirst(); at->Valid(); at->Next()) {
    const auto version = parse_event(view(at->value()));
    if (!version) return tl::unexpected(version.error());
    if (version->last_seen >= before) break;
    batch.remove(Table::event_log, view(at->key()));
  }
  return at->status().ok() ? Result<void>{} : failed(at->status(), "expire the log of events");
}

}  // namespace peering::store::rocks
