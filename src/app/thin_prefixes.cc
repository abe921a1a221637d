#include "app/thin_prefixes.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace peering::app {

namespace {

constexpr std::chrono::seconds search_pause{1};
// An address that answered may miss so many turns less one.
constexpr int silences_max = 3;
constexpr std::chrono::seconds rest_first{600}, rest_longest{24L * 3600};

std::chrono::seconds rest_after(int rests) {
  constexpr int doublings_max = 8;
  return std::min(rest_longest, rest_first * (1L << std::min(rests, doublings_max)));
}

}  // namespace

void ThinPrefixes::put(const std::string& key, std::string subscription,
                       std::vector<net::Address> addresses) {
  remove(key);
  Entry entry;
  entry.subscription = std::move(subscription);
  entry.addresses = std::move(addresses);
  if (!entry.addresses.empty()) entries_.emplace(key, std::move(entry));
}

void ThinPrefixes::remove(const std::string& key) {
  const auto found = entries_.find(key);
  if (found == entries_.end()) return;
  dequeue(*found);
  entries_.erase(found);
}

void ThinPrefixes::counted(const std::string& key, double samples) {
  if (const auto found = entries_.find(key); found != entries_.end()) found->second.samples = samples;
}

void ThinPrefixes::enqueue(const Entries::value_type& each) {
  if (each.second.chosen && !each.second.under_way)
    queue_of(each.second).emplace(each.second.due, each.first);
}

void ThinPrefixes::dequeue(const Entries::value_type& each) {
  answering_.erase({each.second.due, each.first});
  searching_.erase({each.second.due, each.first});
}

// Those that want a place, in the order in which they get one: each subscription's thinnest, then each one's
// second, and so on; of equals who has a place, then by key.
std::vector<ThinPrefixes::Entries::value_type*> ThinPrefixes::candidates(Instant now) {
  struct Candidate {
    std::uint32_t group = 0;  // a subscription first, then the turn in which it gets a place
    std::pair<double, bool> thinness;
    Entries::value_type* entry = nullptr;
  };
  std::vector<Candidate> list;
  std::unordered_map<std::string_view, std::uint32_t> groups;
  for (auto& each : entries_) {
    const Entry& entry = each.second;
    if (!is_thin(entry) || entry.rest_until > now) continue;
    const auto group =
        groups.try_emplace(entry.subscription, static_cast<std::uint32_t>(groups.size())).first;
    list.push_back({group->second, {*entry.samples, !entry.chosen}, &each});
  }
  const auto order = [](const Candidate& each) { return std::pair(each.group, each.thinness); };
  std::ranges::stable_sort(list, {}, order);
  std::uint32_t turn = 0;
  for (std::size_t i = 0, last = 0; i < list.size(); ++i) {
    turn = i > 0 && list[i].group == last ? turn + 1 : 0;
    last = std::exchange(list[i].group, turn);
  }
  std::ranges::stable_sort(list, {}, order);
  std::vector<Entries::value_type*> out;
  for (const Candidate& each : list) out.push_back(each.entry);
  return out;
}

void ThinPrefixes::choose(Instant now, std::size_t taken) {
  const std::vector<Entries::value_type*> wanting = candidates(now);
  const std::size_t given = std::min(limits_.places - std::min(taken, limits_.places), wanting.size());
  summary_ = {};
  for (auto& each : entries_) {
    Entry& entry = each.second;
    if (std::exchange(entry.chosen, false)) dequeue(each);
    if (is_thin(entry) && entry.rest_until > now) ++summary_.silent;
  }
  summary_.left_out = wanting.size() - given;
  for (std::size_t i = 0; i < given; ++i) {
    Entry& entry = wanting[i]->second;
    entry.chosen = true;
    enqueue(*wanting[i]);
    ++(entry.answers ? summary_.probed : summary_.searched);
  }
}

std::optional<net::Address> ThinPrefixes::answering(const std::string& key) const {
  const auto found = entries_.find(key);
  if (found == entries_.end() || !found->second.answers) return std::nullopt;
  return found->second.addresses[found->second.at];
}

std::optional<ThinPrefixes::Instant> ThinPrefixes::next() const {
  std::optional<Instant> out;
  for (const Queue* queue : {&answering_, &searching_}) {
    if (!queue->empty()) out = std::min(out.value_or(queue->begin()->first), queue->begin()->first);
  }
  return out;
}

std::optional<ThinPrefixes::Turn> ThinPrefixes::take(Instant now) {
  for (Queue* queue : {&answering_, &searching_}) {
    if (queue->empty() || queue->begin()->first > now) continue;
    const std::string key = queue->begin()->second;
    queue->erase(queue->begin());
    Entry& entry = entries_.at(key);
    entry.under_way = true;
    entry.sent = now;
    return Turn{key, entry.addresses[entry.at]};
  }
  return std::nullopt;
}

// Nothing when the prefix is gone, or another one came in its place.
ThinPrefixes::Entries::value_type* ThinPrefixes::under_way(const Turn& turn) {
  const auto found = entries_.find(turn.key);
  if (found == entries_.end()) return nullptr;
  Entry& entry = found->second;
  if (!entry.under_way || entry.addresses[entry.at] != turn.address) return nullptr;
  entry.under_way = false;
  return &*found;
}

void ThinPrefixes::answered(const Turn& turn, bool answer, Instant now) {
  Entries::value_type* const found = under_way(turn);
  if (!found) return;
  Entry& entry = found->second;
  if (answer) {
    entry.answers = true;
    entry.silences = entry.rests = 0;
    entry.tried = 0;
    entry.due = std::max(now, entry.sent + limits_.every);
  } else {
    fell_silent(entry, now);
  }
  enqueue(*found);
}

void ThinPrefixes::fell_silent(Entry& entry, Instant now) {
  if (entry.answers && ++entry.silences < silences_max) {
    entry.due = std::max(now, entry.sent + limits_.every);
    return;
  }
  entry.answers = false;
  entry.silences = 0;
  entry.due = now + search_pause;
  entry.at = (entry.at + 1) % entry.addresses.size();
  if (++entry.tried < entry.addresses.size()) return;
  entry.tried = entry.at = 0;
  entry.rest_until = entry.due = now + rest_after(entry.rests++);
  entry.chosen = false;
}

void ThinPrefixes::put_off(const Turn& turn, Instant now) {
  Entries::value_type* const found = under_way(turn);
  if (!found) return;
  found->second.due = now + limits_.every;
  enqueue(*found);
}

}  // namespace peering::app
