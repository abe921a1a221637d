#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <unordered_set>
#include <utility>

#include "cli/analyze_input.h"
#include "cli/line_reader.h"
#include "wire/ris/message.h"

namespace peering::cli {

namespace {

namespace ris = wire::ris;

constexpr Microseconds lateness_max = std::chrono::seconds(60);
constexpr std::size_t waiting_max = 500'000;

// A step forward by more than this is believed when a second message confirms it: one broken clock must not
// make everybody else late.
constexpr Microseconds believed_step_max = std::chrono::minutes(10);

// Until when all messages have come, as far as can be known from the times that came.
class Watermark {
 public:
  // Takes the time of one more message in; gives the mark.
  TimePoint take(TimePoint time) {
    if (!latest_) {
      latest_ = time;
    } else if (are_near(time, *latest_)) {
      latest_ = std::max(*latest_, time);
      confirmed_ = true;
    } else if (time < *latest_) {
      if (!confirmed_) ahead_ = std::exchange(latest_, time);
    } else if (ahead_ && are_near(time, *ahead_)) {
      latest_ = std::max(*ahead_, time);
      ahead_.reset();
    } else {
      ahead_ = time;
    }
    return *latest_ - lateness_max;
  }

 private:
  static bool are_near(TimePoint a, TimePoint b) { return (a < b ? b - a : a - b) <= believed_step_max; }

  std::optional<TimePoint> latest_;
  bool confirmed_ = false;          // a second message came from about then
  std::optional<TimePoint> ahead_;  // what came last from far ahead
};

// A message that waits for its turn; without one, only the moment that has come with it.
struct Waiting {
  TimePoint time{};
  std::size_t line = 0;
  std::unique_ptr<ris::Message> message;
  bool is_sign_of_life = false;  // of a peer that was down, whatever it announces
  // A heap gives the greatest: the earliest, then the first that came.
  friend bool operator<(const Waiting& a, const Waiting& b) {
    return std::tie(b.time, b.line) < std::tie(a.time, a.line);
  }
};

// What peers said lately of prefixes that did not matter then. With a monitored AS in the path one matters,
// and when that comes late it may be over: in the order of their times, what was left out came after it.
class LeftOut {
 public:
  struct Said {
    TimePoint time{};
    std::uint64_t key = 0;
    std::size_t line = 0;
  };

  static std::uint64_t key_of(const ris::Message& message, const net::Prefix& prefix) {
    constexpr std::uint64_t odd = 0x9e3779b97f4a7c15;
    std::uint64_t key = std::hash<std::string>{}(message.host);
    for (const std::uint64_t part :
         {message.peer.high64(), message.peer.low64(), std::hash<net::Prefix>{}(prefix)})
      key = (key ^ part) * odd;
    return key;
  }

  void note(const Said& said) {
    latest_ = std::max(latest_, said.time);
    if (said_.size() < said_max) {
      said_.push_back(said);
    } else {
      said_[next_++ % said_max] = said;
    }
  }
  // The first of it after `time`; the whole list is looked through, which what comes in order does not need.
  std::optional<Said> first_after(TimePoint time, std::uint64_t key) const {
    std::optional<Said> out;
    if (time >= latest_) return out;
    for (const Said& each : said_) {
      if (each.key == key && each.time > time && (!out || each.time < out->time)) out = each;
    }
    return out;
  }

 private:
  static constexpr std::size_t said_max = std::size_t{1} << 20;  // a minute of 17,000 prefixes a second
  std::vector<Said> said_;
  std::size_t next_ = 0;
  TimePoint latest_{};
};

// Which messages something can follow from. Nearly none, of a stream of all the world's routes: the others
// need not be put in order.
class Sieve {
 public:
  explicit Sieve(const AnalyzeEngine& engine) : engine_(engine) {}

  // A peer that announces anything after it went down is up.
  bool is_sign_of_life(const ris::Message& message) {
    const auto* update = std::get_if<ris::Update>(&message.body);
    if (!update) note_state(message);
    return update && !down_.empty() && !update->announcements.empty() &&
           down_.erase({message.host, message.peer}) > 0;
  }

  bool keeps(const ris::Message& message) {
    const auto* update = std::get_if<ris::Update>(&message.body);
    if (!update) return true;
    if (engine_.has_monitored(update->attributes.as_path)) {
      for (const ris::Announcement& part : update->announcements) {
        followed_.insert(part.prefixes.begin(), part.prefixes.end());
      }
      return true;
    }
    const auto matter = [this](const std::vector<net::Prefix>& prefixes) {
      return std::ranges::any_of(
          prefixes, [this](const net::Prefix& p) { return engine_.watches(p) || followed_.contains(p); });
    };
    return matter(update->withdrawals) || std::ranges::any_of(update->announcements, [&](const auto& part) {
             return matter(part.prefixes);
           });
  }

 private:
  void note_state(const ris::Message& message) {
    const auto* state = std::get_if<ris::PeerState>(&message.body);
    if (state && !state->up) down_.emplace(message.host, message.peer);
    if (state && state->up) down_.erase({message.host, message.peer});
  }

  const AnalyzeEngine& engine_;
  std::set<std::pair<std::string, net::Address>> down_;
  std::unordered_set<net::Prefix> followed_;  // had a monitored AS in some path
};

// Messages in the order of their times, however they come.
class Order {
 public:
  explicit Order(AnalyzeEngine& engine) : engine_(engine), sieve_(engine) {}

  void take(std::size_t line, ris::Message& message) {
    const TimePoint time = message.time, complete = watermark_.take(time);
    const bool alive = sieve_.is_sign_of_life(message), kept = sieve_.keeps(message);
    if (alive || kept) {
      if (engine_.monitors_any()) end_what_is_over(message);
      push({time, line, std::make_unique<ris::Message>(std::move(message)), alive});
    } else {
      if (engine_.monitors_any()) leave_out(message, line);
      pass_time(time, line);
    }
    release(complete);
  }
  void release(TimePoint until);

 private:
  static constexpr Microseconds mark_every = std::chrono::seconds(1);

  // Time passes also where nothing happens.
  void pass_time(TimePoint time, std::size_t line) {
    if (time < marked_ + mark_every && time + mark_every > marked_) return;
    marked_ = time;
    push({time, line, nullptr, false});
  }

  void leave_out(const ris::Message& message, std::size_t line) {
    const auto& update = std::get<ris::Update>(message.body);
    const auto note = [&](const net::Prefix& prefix) {
      left_out_.note({message.time, LeftOut::key_of(message, prefix), line});
    };
    for (const net::Prefix& prefix : update.withdrawals) note(prefix);
    for (const ris::Announcement& part : update.announcements) {
      for (const net::Prefix& prefix : part.prefixes) note(prefix);
    }
  }

  // For a monitored AS a route without it is as good as none.
  void end_what_is_over(const ris::Message& message) {
    const auto* update = std::get_if<ris::Update>(&message.body);
    if (!update) return;
    for (const ris::Announcement& part : update->announcements) {
      for (const net::Prefix& prefix : part.prefixes) {
        const auto said = left_out_.first_after(message.time, LeftOut::key_of(message, prefix));
        if (!said || engine_.watches(prefix)) continue;
        ris::Update gone;
        gone.withdrawals = {prefix};
        push({said->time, said->line,
              std::make_unique<ris::Message>(
                  ris::Message{said->time, message.host, message.peer, message.peer_asn, std::move(gone)}),
              false});
      }
    }
  }

  void push(Waiting one) {
    waiting_.push_back(std::move(one));
    std::ranges::push_heap(waiting_, std::less<>());
  }

  AnalyzeEngine& engine_;
  Sieve sieve_;
  LeftOut left_out_;
  Watermark watermark_;
  TimePoint marked_{};
  std::vector<Waiting> waiting_;
};

// What concerns nobody is left out, and what comes too late to be put in order and is no longer true since.
std::vector<net::Prefix> relevant(const AnalyzeEngine& engine, const rib::Peer& peer, TimePoint time,
                                  bool through_monitored, std::vector<net::Prefix> prefixes) {
  std::erase_if(prefixes, [&](const net::Prefix& p) { return !engine.concerns(p, through_monitored); });
  if (time < engine.now()) {
    std::erase_if(prefixes, [&](const net::Prefix& p) { return engine.is_overtaken(peer, p, time); });
  }
  return prefixes;
}

// Most updates do not, where monitored ASes made the sieve keep them all.
bool concerns(const AnalyzeEngine& engine, const ris::Update& update) {
  const auto any = [&](const std::vector<net::Prefix>& prefixes) {
    return std::ranges::any_of(prefixes, [&](const net::Prefix& p) { return engine.concerns(p, false); });
  };
  return engine.has_monitored(update.attributes.as_path) || any(update.withdrawals) ||
         std::ranges::any_of(update.announcements, [&](const auto& part) { return any(part.prefixes); });
}

void give(const Waiting& item, AnalyzeEngine& engine) {
  if (!item.message) return engine.at(item.line, item.time);
  const ris::Message& message = *item.message;
  const rib::PeerKey key{message.host, 0, message.peer, rib::RibKind::adj_rib_in_pre_policy};
  const auto* update = std::get_if<ris::Update>(&message.body);
  if (update && !item.is_sign_of_life && !concerns(engine, *update))
    return engine.at(item.line, message.time);
  const auto role = update ? rib::parse_peer_role(update->peer_role) : std::nullopt;
  const rib::PeerPointer peer = engine.peer(key, message.peer_asn, role.value_or(rib::PeerRole::unknown));
  if (!peer) return;
  engine.at(item.line, message.time);
  if (const auto* state = std::get_if<ris::PeerState>(&message.body)) engine.view_state(peer, state->up);
  if (!update) return;
  if (item.is_sign_of_life) engine.view_state(peer, true);
  std::vector<net::Prefix> withdrawn = update->withdrawals;
  // A prefix in both lists is announced (RFC 4271 section 3.1).
  for (const ris::Announcement& part : update->announcements) {
    for (const net::Prefix& prefix : part.prefixes) std::erase(withdrawn, prefix);
  }
  withdrawn = relevant(engine, *peer, message.time, false, std::move(withdrawn));
  if (!withdrawn.empty()) engine.apply({peer, message.time, nullptr, {}, std::move(withdrawn)});
  const bool through_monitored = engine.has_monitored(update->attributes.as_path);
  for (const ris::Announcement& part : update->announcements) {
    auto announced = relevant(engine, *peer, message.time, through_monitored, part.prefixes);
    if (announced.empty()) continue;
    auto attributes = std::make_shared<wire::bgp::PathAttributes>(update->attributes);
    attributes->next_hop = part.next_hop;
    engine.apply({peer, message.time, std::move(attributes), std::move(announced), {}});
  }
}

void Order::release(TimePoint until) {
  while (!waiting_.empty() && (waiting_.front().time <= until || waiting_.size() > waiting_max)) {
    std::ranges::pop_heap(waiting_, std::less<>());
    give(waiting_.back(), engine_);
    waiting_.pop_back();
  }
}

// Decodes a line. False when there is nothing to wait for.
bool decode(ris::Decoder& decoder, std::string_view line, std::size_t number, InputCount& count,
            Complaints& complaints, ris::Message& out) {
  ++count.records;
  if (const auto done = decoder.decode_into(line, out); !done) {
    ++count.malformed;
    complaints.say("line", number, done.error().message);
    return false;
  }
  if (const auto* error = std::get_if<ris::StreamError>(&out.body)) {
    complaints.say("line", number, "the stream reports an error: " + error->message);
    return false;
  }
  return !std::holds_alternative<ris::Ignored>(out.body);
}

}  // namespace

void read_ris(std::istream& in, AnalyzeEngine& engine, InputCount& count, Complaints& complaints) {
  ris::Decoder decoder;
  Order order(engine);
  LineReader lines(in, ris::Decoder::line_bytes_max + 1);
  ris::Message message;
  std::string_view line;
  for (std::size_t number = 1; lines.next(line); ++number) {
    if (line.empty()) continue;
    if (decode(decoder, line, number, count, complaints, message)) order.take(number, message);
  }
  order.release(TimePoint::max());
}

}  // namespace peering::cli
