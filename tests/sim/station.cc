#include "station.h"

#include <algorithm>

#include "app/recent_events.h"
#include "app/shares.h"
#include "store/memory/telemetry_store.h"

namespace peering::seeded {

namespace {

constexpr Microseconds reopen_within = std::chrono::minutes(10);

}  // namespace

Station::Station(std::size_t shards, model::RegistryPointer registry, Random& random, Judged judged,
                 Learned learned)
    : count_(shards),
      random_(random),
      judged_(std::move(judged)),
      learned_(std::move(learned)),
      registry_(std::move(registry)),
      telemetry_(store::make_memory_telemetry_store()),
      rules_(*telemetry_),
      // Few, so that a small world has mass events; 0, so that it also has none.
      groups_{random.below(4), std::chrono::seconds(1 + random.below(20))} {
  begin(TimePoint{});
}

void Station::begin(TimePoint at) {
  backlog_ = std::make_unique<app::EventBacklog>(reopen_within);
  mailboxes_.assign(count_, {});
  news_.assign(count_, {});
  shards_.clear();
  committer_ = std::make_unique<app::EventCommitter>(
      *telemetry_,
      [this](const model::Event& event, const model::Registry& registry, TimePoint now,
             store::EventCommit& out) { rules_.apply(event, registry, now, out); },
      alert::FlapSettings{}, groups_);
  const auto known = app::events_known(*telemetry_).value();
  const auto parts = app::events_of_shares(known, count_);
  const alert::FlapSettings flaps;
  const auto recent = app::recent_events(*telemetry_, at, reopen_within, flaps.window).value();
  const auto pasts = app::events_of_shares(recent.findings, count_);
  std::vector<model::Event> remembered = recent.ended;
  remembered.insert(remembered.end(), known.begin(), known.end());
  backlog_->restore(remembered, at);
  committer_->restore(remembered, at);
  committer_->recall(recent.returned, at);
  for (std::size_t i = 0; i < count_; ++i) {
    app::ShardWork::Options options;
    options.detection = app::settings_of_share({}, i, count_);
    shards_.push_back(std::make_unique<app::ShardWork>(options, metrics_));
    shards_.back()->restore(parts[i], pasts[i]);
    shards_.back()->take(registry_, at);
    fetch(*shards_.back(), at);
    app::KnowledgeUpdate update;
    update.after.vrps = vrps_;
    update.at = at;
    news_[i].push_back(std::move(update));
    learn(i);
  }
}

void Station::know(Vrps vrps, TimePoint at) {
  app::KnowledgeUpdate update;
  if (vrps && vrps_) {
    auto roas = std::make_shared<const rib::VrpDelta>(rib::difference(*vrps_, *vrps));
    if (roas->empty()) return;
    update.roas = std::move(roas);
  }
  vrps_ = std::move(vrps);
  update.after.vrps = vrps_;
  update.at = at;
  for (auto& waiting : news_) waiting.push_back(update);
}

void Station::learn(std::size_t shard) {
  for (auto& waiting = news_[shard]; !waiting.empty(); waiting.pop_front()) {
    shards_[shard]->take(waiting.front());
  }
  learned_(shard);
}

bool Station::try_post(std::size_t shard, feeds::ShardMessage& message) {
  mailboxes_[shard].push_back(std::move(message));
  return true;
}

void Station::fetch(app::ShardWork& shard, TimePoint at) {
  for (model::Event& event : shard.fetch()) backlog_->put(std::move(event), at);
}

void Station::work(std::size_t shard, std::size_t messages, TimePoint at) {
  if (!news_[shard].empty()) learn(shard);
  for (auto& mailbox = mailboxes_[shard]; messages > 0 && !mailbox.empty(); --messages) {
    shards_[shard]->take(mailbox.front(), at);
    judged_(shard, mailbox.front());
    mailbox.pop_front();
  }
  if (shards_[shard]->has_more()) shards_[shard]->go_on(at);
  fetch(*shards_[shard], at);
}

void Station::tick(TimePoint at) {
  for (const auto& shard : shards_) {
    shard->tick(at);
    fetch(*shard, at);
  }
}

bool Station::write(std::size_t events, TimePoint at) {
  std::vector<model::Event> batch = backlog_->take(events);
  committer_->add_ended_silences(batch, *registry_, at);
  committer_->prepare(batch, *registry_, at);
  if (batch.empty()) return true;
  if (!store_fails_) return committer_->commit(batch, *registry_, at).has_value();
  backlog_->put_back(std::move(batch));
  return false;
}

void Station::deliver(TimePoint at, bool may_fail) {
  const std::vector<model::Delivery> due = telemetry_->due(at, 1000).value();
  for (const model::Delivery& delivery : due) {
    const bool arrives = !may_fail || random_.percent(80);
    if (arrives && seen_.insert(delivery.id).second) {
      const json::value body = json::parse(delivery.payload);
      Told& told = told_[delivery.alert];
      told.latest = model::event_from_json(body.at("event")).value();
      told.states.push_back(told.latest.state);
    }
    // An answer that is lost makes a second delivery.
    if (!arrives || (may_fail && random_.percent(10))) return;
    const std::vector<std::string> done{delivery.id};
    if (!telemetry_->settle_deliveries(done, {})) return;
  }
}

void Station::settle(TimePoint at) {
  for (std::size_t i = 0; i < count_; ++i) {
    while (!mailboxes_[i].empty() || !news_[i].empty() || shards_[i]->has_more()) work(i, 100, at);
  }
  store_fails_ = false;
  do {
    write(500, at);
  } while (!backlog_->empty());
  while (!telemetry_->due(at + std::chrono::seconds(1), 1).value().empty()) {
    deliver(at + std::chrono::seconds(1), false);
  }
}

void Station::register_prefixes(model::RegistryPointer registry, TimePoint at) {
  registry_ = std::move(registry);
  for (const auto& shard : shards_) {
    shard->take(registry_, at);
    fetch(*shard, at);
  }
}

void Station::crash(TimePoint at) { begin(at); }

std::vector<model::Event> Station::stored() {
  std::vector<model::Event> out;
  store::EventQuery query;
  query.limit = 1000;
  do {
    auto page = telemetry_->events(query).value();
    out.insert(out.end(), std::make_move_iterator(page.events.begin()),
               std::make_move_iterator(page.events.end()));
    query.after = page.next;
  } while (!query.after.empty());
  return out;
}

}  // namespace peering::seeded
