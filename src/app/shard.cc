#include "app/shard.h"

#include <future>
#include <map>
#include <thread>
#include <variant>

#include "base/log.h"
#include "detect/monitored_routes.h"
#include "runtime/mailbox.h"

namespace peering::app {

namespace {

constexpr std::size_t received_messages_max = 4096;
constexpr std::size_t flushed_routes_max = 5000;
constexpr std::size_t judged_prefixes_max = 200;
constexpr std::chrono::seconds tick_period{1};
constexpr std::chrono::milliseconds report_period{100};
constexpr std::chrono::seconds answer_patience{5};

struct NewRegistry {
  model::RegistryPointer registry;
  std::function<void()> done;
};

struct RouteQuestion {
  net::Prefix prefix;
  std::size_t limit = 0;
  std::shared_ptr<std::promise<std::vector<rib::Route>>> answer;
};

struct SearchQuestion {
  rib::RouteSearch search;
  std::shared_ptr<std::promise<rib::FoundRoutes>> answer;
};

using Message =
    std::variant<feeds::ShardMessage, NewRegistry, KnowledgeUpdate, RouteQuestion, SearchQuestion>;

// A run of routes counts for as many as it has: the mailbox is bounded by what it holds.
std::size_t weight_of(const Message& message) {
  const auto* fed = std::get_if<feeds::ShardMessage>(&message);
  const auto* run = fed ? std::get_if<feeds::RouteRun>(fed) : nullptr;
  return run ? run->burst.records() : 1;
}

}  // namespace

struct Shard::State {
  State(Options given, Metrics& metrics, Emit emit_given)
      : options(std::move(given)),
        emit(std::move(emit_given)),
        detector(options.detection),
        monitored(options.detection.monitored.asns()),
        mailbox(options.mailbox_messages_max, weight_of),
        changes_total(metrics.counter("peering_route_changes_total", "Routes that became another one.")),
        events_total(
            metrics.counter("peering_events_detected_total", "Versions of events that detectors made.")),
        routes_gauge(metrics.gauge("peering_rib_routes", "Routes in the tables of all shards.")),
        prefixes_gauge(metrics.gauge("peering_rib_prefixes", "Prefixes in the tables of all shards.")),
        attributes_gauge(
            metrics.gauge("peering_rib_attributes", "Distinct sets of path attributes in all shards.")),
        waiting_gauge(metrics.gauge("peering_shard_mailbox_messages", "Messages waiting for all shards.")) {}

  Options options;
  Emit emit;
  rib::Table table;
  model::RegistryPointer registry = std::make_shared<const model::Registry>();
  std::shared_ptr<net::PrefixSpace> watched = std::make_shared<net::PrefixSpace>();
  detect::Detector detector;
  detect::MonitoredRoutes monitored;
  runtime::Mailbox<Message> mailbox;
  std::vector<rib::RouteChange> changes;
  std::vector<model::Event> events;
  // Routers that are away or came back, and when what is stale of them has had time enough.
  enum class AtDeadline { lose_router, sweep_stale, forget_stale };
  struct Deadline {
    TimePoint at;
    AtDeadline then = AtDeadline::lose_router;
  };
  std::map<std::string, Deadline> deadlines;
  bool doomed = false;     // routes wait to be removed
  bool rejudging = false;  // prefixes wait to be judged again
  std::uint64_t counted_changes = 0, reported_changes = 0;
  rib::TableSize reported;
  double reported_waiting = 0;
  Counter &changes_total, &events_total;
  Gauge &routes_gauge, &prefixes_gauge, &attributes_gauge, &waiting_gauge;
  std::thread thread;

  void judge(TimePoint at) {
    if (table.changes() != counted_changes) {
      changes_total.add(static_cast<double>(table.changes() - counted_changes));
      counted_changes = table.changes();
    }
    for (const rib::RouteChange& change : changes) detector.route_changed(change, table, at, events);
    changes.clear();
  }

  void handle(const feeds::RouteRun& run, TimePoint at) {
    const rib::Peer* heard = nullptr;
    run.burst.for_each([&](const rib::PeerPointer& peer, const rib::PackedRoutes& routes) {
      if (peer.get() == heard || routes.announced.empty()) return;
      heard = peer.get();
      detector.peer_heard(*peer, routes.time, at, events);
    });
    table.apply(run.burst, changes);
    if (!monitored.empty()) monitored.changes_of(run.burst, *watched, changes);
    judge(at);
  }
  void handle(const feeds::RouterUp& up, TimePoint at) {
    const auto away = deadlines.find(up.router);
    if (away != deadlines.end() && up.sends_table) {
      away->second = {at + options.reconnect_grace, AtDeadline::sweep_stale};
    }
    detector.router_state_changed(up.router, true, up.time, at, events);
  }
  void handle(const feeds::RouterDown& down, TimePoint at) {
    table.mark_stale(down.router);
    const auto then = down.outage ? AtDeadline::lose_router : AtDeadline::forget_stale;
    deadlines[down.router] = {at + down.keep.value_or(options.reconnect_grace), then};
    if (!down.outage) return;
    detector.router_state_changed(down.router, false, down.time, at, events);
  }
  void handle(const feeds::PeerUp& up, TimePoint at) {
    detector.peer_state_changed(*up.peer, true, up.time, at, events);
  }
  void handle(const feeds::PeerDown& down, TimePoint at) {
    if (down.outage) {
      detector.peer_state_changed(*down.peer, false, down.time, at, events);
    } else if (down.for_good) {
      detector.peer_forgotten(*down.peer, down.time, at, events);
    } else {
      detector.peer_out_of_sight(*down.peer, down.time, at, events);
    }
    table.peer_down(down.peer->id, down.time);
    doomed = true;
  }
  void handle(const feeds::EndOfRib& end, TimePoint) {
    if (!end.complete) return;
    table.sweep(end.peer->id, std::nullopt, end.time);
    doomed = true;
  }
  void handle(const feeds::RoutesRepeat& repeat, TimePoint) {
    if (repeat.begins) {
      // Whoever repeats its routes has sent its table: what waits for that must not sweep what is repeated
      // now.
      const auto waiting = deadlines.find(repeat.peer->key.router);
      const bool came_back = waiting != deadlines.end() && waiting->second.then == AtDeadline::sweep_stale;
      if (came_back) deadlines.erase(waiting);
      return table.mark_stale(repeat.peer->id, repeat.family);
    }
    table.sweep(repeat.peer->id, repeat.family, repeat.time);
    doomed = true;
  }

  void take(const feeds::ShardMessage& message, TimePoint at) {
    std::visit([&](const auto& inner) { handle(inner, at); }, message);
  }
  // What the detectors want to hear of.
  void watch(const model::RegistryPointer& after) {
    std::vector<net::Prefix> added, removed;
    for (const auto& entry : model::difference(*registry, *after).prefixes) {
      if (entry.after) added.push_back(entry.after->expectation.prefix);
      if (entry.before) removed.push_back(entry.before->expectation.prefix);
    }
    registry = after;
    watched->follow(std::shared_ptr<const net::PrefixTree>(after, &after->watch), added, removed);
    table.watch(watched);
  }
  void take(const NewRegistry& message, TimePoint at) {
    watch(message.registry);
    detector.registry_changed(message.registry, table, at, events);
    deliver();
    message.done();
  }
  void take(const KnowledgeUpdate& update, TimePoint) {
    detector.knowledge_changed(update.after, update.roas.get(), update.at, events);
    rejudging = true;
  }
  void take(const RouteQuestion& question, TimePoint) {
    std::vector<rib::Route> out = table.covering(question.prefix);
    for (rib::Route& route : table.covered(question.prefix, question.limit)) out.push_back(std::move(route));
    question.answer->set_value(std::move(out));
  }
  void take(const SearchQuestion& question, TimePoint) {
    question.answer->set_value(table.search(question.search));
  }

  // Sends the question and waits; its `answer` is made here.
  template <class Question>
  auto ask(Question question) {
    using Answer = typename decltype(question.answer)::element_type;
    question.answer = std::make_shared<Answer>();
    auto answer = question.answer->get_future();
    using Given = Result<decltype(answer.get())>;
    if (!mailbox.send_over_limit(std::move(question))) {
      return Given(fail(ErrorCode::unavailable, "the routing table is stopping"));
    }
    if (answer.wait_for(answer_patience) != std::future_status::ready) {
      return Given(fail(ErrorCode::unavailable, "the routing table is busy; try again"));
    }
    return Given(answer.get());
  }

  // A router that did not return in time is lost; of one that did, what it did not announce again is.
  void pass_deadlines(TimePoint at) {
    for (auto entry = deadlines.begin(); entry != deadlines.end();) {
      if (entry->second.at > at) {
        ++entry;
        continue;
      }
      switch (entry->second.then) {
        case AtDeadline::lose_router:
          table.router_down(entry->first, at);
          break;
        case AtDeadline::sweep_stale:
          table.sweep_router(entry->first, at);
          break;
        case AtDeadline::forget_stale:
          table.forget_stale(entry->first, at);
          break;
      }
      doomed = true;
      entry = deadlines.erase(entry);
    }
  }

  void deliver() {
    if (events.empty()) return;
    events_total.add(static_cast<double>(events.size()));
    emit(std::exchange(events, {}));
  }

  void report_size() {
    const rib::TableSize size = table.size();
    const auto difference = [](std::size_t after, std::size_t before) {
      return static_cast<double>(after) - static_cast<double>(before);
    };
    routes_gauge.add(difference(size.routes, reported.routes));
    prefixes_gauge.add(difference(size.prefixes, reported.prefixes));
    attributes_gauge.add(difference(size.attributes, reported.attributes));
    reported = size;
    reported_changes = table.changes();
    const auto waiting = static_cast<double>(mailbox.size());
    waiting_gauge.add(waiting - reported_waiting);
    reported_waiting = waiting;
  }

  void run() {
    auto next_tick = std::chrono::steady_clock::now(), next_report = next_tick;
    while (true) {
      const bool unreported = table.changes() != reported_changes;
      const auto next = unreported ? std::min(next_tick, next_report) : next_tick;
      const auto wait_until = doomed || rejudging ? std::chrono::steady_clock::now() : next;
      const std::vector<Message> messages = mailbox.receive_until(wait_until, received_messages_max);
      if (messages.empty() && !doomed && !rejudging && mailbox.closed()) break;
      for (const Message& message : messages) {
        std::visit([&](const auto& inner) { take(inner, now()); }, message);
        deliver();
      }
      if (doomed) {
        doomed = table.flush(flushed_routes_max, changes);
        judge(now());
      }
      if (rejudging) rejudging = detector.judge_waiting(table, judged_prefixes_max, now(), events);
      if (std::chrono::steady_clock::now() >= next_tick) {
        next_tick = std::chrono::steady_clock::now() + tick_period;
        const TimePoint at = now();
        pass_deadlines(at);
        detector.tick(table, at, events);
      }
      if (std::chrono::steady_clock::now() >= next_report) {
        next_report = std::chrono::steady_clock::now() + report_period;
        report_size();
      }
      deliver();
    }
  }
};

Shard::Shard(Options options, Metrics& metrics, Emit emit)
    : state_(std::make_unique<State>(std::move(options), metrics, std::move(emit))) {}
Shard::~Shard() { stop(); }

void Shard::restore(std::vector<model::Event> known) { state_->detector.restore(known); }

void Shard::start() {
  state_->thread = std::thread([state = state_.get()] { state->run(); });
}

void Shard::stop() {
  state_->mailbox.close();
  if (state_->thread.joinable()) state_->thread.join();
}

bool Shard::try_post(feeds::ShardMessage& message) {
  Message wrapped = std::move(message);
  if (state_->mailbox.try_send(wrapped)) return true;
  message = std::move(std::get<feeds::ShardMessage>(wrapped));
  return false;
}

void Shard::apply(model::RegistryPointer registry, std::function<void()> done) {
  state_->mailbox.send_over_limit(NewRegistry{std::move(registry), std::move(done)});
}

void Shard::know(KnowledgeUpdate update) { state_->mailbox.send_over_limit(std::move(update)); }

Result<std::vector<rib::Route>> Shard::routes(const net::Prefix& prefix, std::size_t limit) {
  return state_->ask(RouteQuestion{prefix, limit, nullptr});
}

Result<rib::FoundRoutes> Shard::search(const rib::RouteSearch& search) {
  return state_->ask(SearchQuestion{search, nullptr});
}

}  // namespace peering::app
