#include "detect/monitored_as.h"

#include <algorithm>
#include <set>
#include <unordered_map>

#include "detect/judgement.h"

namespace peering::detect {

namespace {

// Of 64 bits each: 4,096 bits at least, and 128 KiB at most.
constexpr std::size_t low_words_min = 64, low_words_max = 16'384;
constexpr std::size_t stale_max = 1000;

bool has(const std::vector<net::Asn>& asns, net::Asn asn) {
  return std::find(asns.begin(), asns.end(), asn) != asns.end();
}

// A poisoned path or a forwarding mistake: who is next to whom cannot be read from it.
bool has_loop(const std::vector<net::Asn>& path) {
  return std::set<net::Asn>(path.begin(), path.end()).size() != path.size();
}

Finding about(const model::MonitoredAs& as, model::EventKind kind, net::Asn suspect) {
  Finding out;
  out.kind = kind;
  out.monitored = as.asn;
  out.suspect = suspect;
  out.discriminator = std::to_string(suspect);
  return out;
}

std::optional<Finding> judge_neighbor(const model::MonitoredAs& as, const net::Prefix& observed,
                                      net::Asn neighbor, bool upstream) {
  const auto& allowed = upstream ? as.upstreams : as.downstreams;
  if (!allowed || has(*allowed, neighbor)) return std::nullopt;
  Finding out = about(
      as,
      upstream ? model::EventKind::path_unexpected_upstream : model::EventKind::path_unexpected_downstream,
      neighbor);
  out.neighbor = neighbor;
  out.why = fmt::format("AS{} stands next to AS{} in the path of {} and is none of its {}", neighbor, as.asn,
                        observed.to_string(), upstream ? "upstreams" : "downstreams");
  return out;
}

// "/subscriptions/{id}/" of a connection's id.
std::string_view subscription_part(std::string_view connection) {
  constexpr std::string_view root = "/subscriptions/";
  if (!connection.starts_with(root)) return connection;
  return connection.substr(0, connection.find('/', root.size()) + 1);
}

// Who watches an AS hears of what lies outside his own prefixes: not what others have registered is said by
// silence.
bool is_registered_for(std::string_view connection, const model::Registry& registry,
                       const net::Prefix& observed) {
  if (connection.empty()) return registry.watch.longest_match(observed).has_value();
  const std::string tenant = model::lower(subscription_part(connection));
  bool out = false;
  registry.watch.for_covering(observed, [&](const net::Prefix&, const auto& entries) {
    out = out || std::ranges::any_of(entries, [&](const model::RegisteredPrefixPointer& entry) {
            return model::lower(subscription_part(entry->connection.str())) == tenant;
          });
  });
  return out;
}

}  // namespace

model::RegisteredPrefixPointer MonitoredAses::stand_in(const Entry& entry) {
  auto out = std::make_shared<model::RegisteredPrefix>();
  out->resource = model::monitored_resource(entry.owner->connection, *entry.as);
  out->connection = entry.owner->connection;
  out->expectation.group = entry.as->group;
  return out;
}

void MonitoredAses::add(MonitoredAs as) {
  auto owner = std::make_shared<const Owner>(Owner{"", std::move(as.connection)});
  insert({std::make_shared<const model::MonitoredAs>(std::move(as)), std::move(owner)});
}

void MonitoredAses::insert(Entry entry) {
  const net::Asn asn = entry.as->asn;
  by_asn_[asn].push_back(std::move(entry));
  if (low_bits_.size() < low_words_max && 4 * low_bits_.size() < by_asn_.size()) return index_again();
  const std::size_t low = asn & (64 * low_bits_.size() - 1);
  low_bits_[low / 64] |= std::uint64_t{1} << (low % 64);
}

void MonitoredAses::index_again() {
  std::size_t words = low_words_min;
  while (words < low_words_max && 4 * words < 2 * by_asn_.size()) words *= 2;
  low_bits_.assign(words, 0);
  for (const auto& [asn, entries] : by_asn_) {
    const std::size_t low = asn & (64 * words - 1);
    low_bits_[low / 64] |= std::uint64_t{1} << (low % 64);
  }
  stale_ = 0;
}

std::vector<net::Asn> MonitoredAses::replace(std::string_view key, const model::MonitoredAsList& before,
                                             const model::Connection* connection) {
  static const std::vector<model::MonitoredAs> none;
  const auto& was = before.entries ? *before.entries : none;
  const model::MonitoredAsList after = connection ? connection->asns : model::MonitoredAsList();
  const auto& is = after.entries ? *after.entries : none;
  std::set<net::Asn> changed;
  const auto note_others = [&](const auto& some, const auto& others) {
    std::unordered_multimap<net::Asn, const model::MonitoredAs*> known;
    for (const model::MonitoredAs& as : others) known.emplace(as.asn, &as);
    for (const model::MonitoredAs& as : some) {
      const auto [first, last] = known.equal_range(as.asn);
      if (std::none_of(first, last, [&](const auto& other) { return *other.second == as; })) {
        changed.insert(as.asn);
      }
    }
  };
  note_others(was, is);
  note_others(is, was);
  for (const model::MonitoredAs& as : was) {
    const auto found = by_asn_.find(as.asn);
    if (found == by_asn_.end()) continue;
    std::erase_if(found->second, [&](const Entry& entry) { return entry.owner->key == key; });
    if (!found->second.empty()) continue;
    by_asn_.erase(found);
    ++stale_;
  }
  if (stale_ > stale_max + by_asn_.size()) index_again();
  if (!is.empty()) {
    const auto owner = std::make_shared<const Owner>(Owner{std::string(key), connection->resource});
    for (const model::MonitoredAs& as : is) insert({{after.entries, &as}, owner});
  }
  return {changed.begin(), changed.end()};
}

bool MonitoredAses::has(std::string_view resource) const {
  const auto named = model::monitored_of_resource(resource);
  const auto found = named ? by_asn_.find(named->first) : by_asn_.end();
  return found != by_asn_.end() && std::ranges::any_of(found->second, [&](const Entry& entry) {
           return model::monitored_resource(entry.owner->connection, *entry.as) == resource;
         });
}

void judge_monitored(const MonitoredAses& monitored, const model::Registry& registry,
                     const net::Prefix& observed, const PathView& view, std::vector<Finding>& out) {
  const auto tell = [&](const MonitoredAses::Entry& entry, std::optional<Finding> finding) {
    if (!finding) return;
    finding->entry = MonitoredAses::stand_in(entry);
    out.push_back(std::move(*finding));
  };
  const std::vector<net::Asn>& path = view.collapsed;
  std::optional<bool> loop;
  for (std::size_t at = 1; at < path.size(); ++at) {
    if (!monitored.has(path[at])) continue;
    if (!loop) loop = has_loop(path);
    if (*loop) break;
    for (const auto& entry : monitored.by_asn_.find(path[at])->second) {
      if (at > 1) tell(entry, judge_neighbor(*entry.as, observed, path[at - 1], true));
      if (at + 1 < path.size()) tell(entry, judge_neighbor(*entry.as, observed, path[at + 1], false));
    }
  }
  for (const net::Asn origin : view.origins) {
    if (!monitored.has(origin)) continue;
    for (const auto& entry : monitored.by_asn_.find(origin)->second) {
      if (is_registered_for(entry.owner->connection, registry, observed)) continue;
      Finding finding = about(*entry.as, model::EventKind::as_announces_unregistered, origin);
      finding.why =
          fmt::format("AS{} announces {}, which lies in no registered prefix", origin, observed.to_string());
      tell(entry, std::move(finding));
    }
  }
}

}  // namespace peering::detect
