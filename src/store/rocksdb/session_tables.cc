#include "store/rocksdb/session_tables.h"

#include <algorithm>

#include "sketch/varint.h"
#include "store/rocksdb/keys.h"
#include "store/rocksdb/slices.h"

namespace peering::store::rocks {

namespace {

constexpr std::string_view until_state = "sessions_known_until";

std::string encode_value(const model::SessionChange& change) {
  std::string out(1, static_cast<char>(change.state));
  sketch::append_varint(out, change.peer_asn);
  return out;
}

Result<model::SessionChange> read_change(std::string_view key, std::string_view value) {
  auto out = read_session_key(key);
  if (!out) return out;
  sketch::VarintReader reader(value.substr(std::min<std::size_t>(value.size(), 1)));
  out->peer_asn = static_cast<net::Asn>(reader.next());
  const auto state = value.empty() ? std::uint8_t{255} : static_cast<std::uint8_t>(value.front());
  if (!reader.ok() || state > static_cast<std::uint8_t>(model::SessionState::established)) {
    return fail(ErrorCode::corrupt, "telemetry store: damaged change of a session");
  }
  out->state = static_cast<model::SessionState>(state);
  return out;
}

}  // namespace

Result<std::optional<TimePoint>> SessionTables::known_until() {
  const auto stored = database_.get(Table::state, until_state);
  if (!stored) return tl::unexpected(stored.error());
  if (!*stored) return std::optional<TimePoint>{};
  return read_time_value(**stored).map([](TimePoint time) { return std::optional(time); });
}

Result<void> SessionTables::append(std::span<const model::SessionChange> changes, TimePoint until) {
  Batch batch = database_.batch();
  for (const model::SessionChange& each : changes) {
    if (each.router.find('\0') != std::string::npos) {
      return tl::unexpected(invalid("router", each.router, "no zero byte"));
    }
    batch.put(Table::session_changes, session_key(each), encode_value(each));
  }
  const auto before = known_until();
  if (!before) return tl::unexpected(before.error());
  batch.put(Table::state, until_state, time_value(std::max(before->value_or(until), until)));
  return database_.write(batch);
}

Result<std::vector<model::SessionChange>> SessionTables::changes(const SessionQuery& query) {
  const auto at = database_.iterate(Table::session_changes);
  std::vector<model::SessionChange> out;
  for (at->Seek(session_bound(query.peers)); at->Valid(); at->Next()) {
    auto change = read_change(view(at->key()), view(at->value()));
    if (!change) return tl::unexpected(change.error());
    if (!query.peers.contains(change->peer_address)) break;
    if (change->at >= query.to) continue;
    const bool later = !out.empty() && out.back().same_session(*change) && change->at <= query.from;
    if (later) out.pop_back();
    out.push_back(std::move(*change));
  }
  if (!at->status().ok()) return failed(at->status(), "read changes of sessions");
  return out;
}

Result<KnownSessions> SessionTables::known() {
  const auto until = known_until();
  if (!until) return tl::unexpected(until.error());
  KnownSessions out{*until, {}};
  const auto at = database_.iterate(Table::session_changes);
  for (at->SeekToFirst(); at->Valid(); at->Next()) {
    auto change = read_change(view(at->key()), view(at->value()));
    if (!change) return tl::unexpected(change.error());
    if (!out.latest.empty() && out.latest.back().same_session(*change)) out.latest.pop_back();
    out.latest.push_back(std::move(*change));
  }
  if (!at->status().ok()) return failed(at->status(), "read changes of sessions");
  return out;
}

Result<void> SessionTables::expire(TimePoint before) {
  Batch batch = database_.batch();
  const auto at = database_.iterate(Table::session_changes);
  std::optional<model::SessionChange> last;
  for (at->SeekToFirst(); at->Valid(); at->Next()) {
    auto change = read_session_key(view(at->key()));
    if (!change) return tl::unexpected(change.error());
    if (last && last->same_session(*change) && change->at <= before) {
      batch.remove(Table::session_changes, session_key(*last));
    }
    last = std::move(*change);
  }
  if (!at->status().ok()) return failed(at->status(), "expire changes of sessions");
  return batch.empty() ? Result<void>{} : database_.write(batch);
}

}  // namespace peering::store::rocks
