#include "app/shard.h"

#include <future>
#include <thread>
#include <variant>

#include "base/log.h"
#include "runtime/mailbox.h"

namespace peering::app {

namespace {

constexpr std::size_t received_messages_max = 4096;
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

using Message = std::variant<feeds::ShardMessage, NewRegistry, KnowledgeUpdate, FeedChange, RouteQuestion,
                             SearchQuestion>;

// A run of routes counts for as many as it has: the mailbox is bounded by what it holds.
std::size_t weight_of(const Message& message) {
  const auto* fed = std::get_if<feeds::ShardMessage>(&message);
  const auto* run = fed ? std::get_if<feeds::RouteRun>(fed) : nullptr;
  return run ? run->burst.records() : 1;
}

}  // namespace

struct Shard::State {
  State(const Options& given, Metrics& metrics, Emit emit_given)
      : emit(std::move(emit_given)),
        work(given.work, metrics),
        mailbox(given.mailbox_messages_max, weight_of),
        routes_gauge(metrics.gauge("peering_rib_routes", "Routes in the tables of all shards.")),
        prefixes_gauge(metrics.gauge("peering_rib_prefixes", "Prefixes in the tables of all shards.")),
        attributes_gauge(
            metrics.gauge("peering_rib_attributes", "Distinct sets of path attributes in all shards.")),
        waiting_gauge(metrics.gauge("peering_shard_mailbox_messages", "Messages waiting for all shards.")) {}

  Emit emit;
  ShardWork work;
  runtime::Mailbox<Message> mailbox;
  std::uint64_t reported_changes = 0;
  rib::TableSize reported;
  double reported_waiting = 0;
  Gauge &routes_gauge, &prefixes_gauge, &attributes_gauge, &waiting_gauge;
  std::thread thread;

  void take(const feeds::ShardMessage& message) { work.take(message, now()); }
  void take(const NewRegistry& message) {
    work.take(message.registry, now());
    deliver();
    message.done();
  }
  void take(const KnowledgeUpdate& update) { work.take(update); }
  void take(const FeedChange& change) { work.take(change, now()); }
  void take(const RouteQuestion& question) {
    std::vector<rib::Route> out = work.table().covering(question.prefix);
    for (rib::Route& route : work.table().covered(question.prefix, question.limit)) {
      out.push_back(std::move(route));
    }
    question.answer->set_value(std::move(out));
  }
  void take(const SearchQuestion& question) {
    question.answer->set_value(work.table().search(question.search));
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

  void deliver() {
    std::vector<model::Event> found = work.fetch();
    if (!found.empty()) emit(std::move(found));
  }

  void report_size() {
    const rib::TableSize size = work.table().size();
    const auto difference = [](std::size_t after, std::size_t before) {
      return static_cast<double>(after) - static_cast<double>(before);
    };
    routes_gauge.add(difference(size.routes, reported.routes));
    prefixes_gauge.add(difference(size.prefixes, reported.prefixes));
    attributes_gauge.add(difference(size.attributes, reported.attributes));
    reported = size;
    reported_changes = work.table().changes();
    const auto waiting = static_cast<double>(mailbox.size());
    waiting_gauge.add(waiting - reported_waiting);
    reported_waiting = waiting;
  }

  void run() {
    auto next_tick = std::chrono::steady_clock::now(), next_report = next_tick;
    while (true) {
      const bool unreported = work.table().changes() != reported_changes;
      const auto next = unreported ? std::min(next_tick, next_report) : next_tick;
      const auto wait_until = work.has_more() ? std::chrono::steady_clock::now() : next;
      const std::vector<Message> messages = mailbox.receive_until(wait_until, received_messages_max);
      if (messages.empty() && !work.has_more() && mailbox.closed()) break;
      for (const Message& message : messages) {
        std::visit([&](const auto& inner) { take(inner); }, message);
        deliver();
      }
      if (work.has_more()) work.go_on(now());
      if (std::chrono::steady_clock::now() >= next_tick) {
        next_tick = std::chrono::steady_clock::now() + tick_period;
        work.tick(now());
      }
      if (std::chrono::steady_clock::now() >= next_report) {
        next_report = std::chrono::steady_clock::now() + report_period;
        report_size();
      }
      deliver();
    }
  }
};

Shard::Shard(const Options& options, Metrics& metrics, Emit emit)
    : state_(std::make_unique<State>(options, metrics, std::move(emit))) {}
Shard::~Shard() { stop(); }

void Shard::restore(const std::vector<model::Event>& known, const std::vector<model::Event>& findings) {
  state_->work.restore(known, findings);
}

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

void Shard::feed_changed(FeedChange change) { state_->mailbox.send_over_limit(std::move(change)); }

Result<std::vector<rib::Route>> Shard::routes(const net::Prefix& prefix, std::size_t limit) {
  return state_->ask(RouteQuestion{prefix, limit, nullptr});
}

Result<rib::FoundRoutes> Shard::search(const rib::RouteSearch& search) {
  return state_->ask(SearchQuestion{search, nullptr});
}

}  // namespace peering::app
