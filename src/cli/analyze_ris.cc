#include <optional>
#include <queue>
#include <utility>

#include "cli/analyze_input.h"
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

struct Waiting {
  std::size_t line = 0;
  ris::Message message;
  // The queue gives the greatest: the earliest, then the first that came.
  friend bool operator<(const Waiting& a, const Waiting& b) {
    return std::tie(b.message.time, b.line) < std::tie(a.message.time, a.line);
  }
};

// What concerns nobody is left out, and what comes too late to be put in order and is no longer true since.
std::vector<net::Prefix> relevant(const AnalyzeEngine& engine, const rib::Peer& peer, TimePoint time,
                                  std::vector<net::Prefix> prefixes) {
  std::erase_if(prefixes, [&](const net::Prefix& p) { return !engine.concerns(p); });
  if (time < engine.now()) {
    std::erase_if(prefixes, [&](const net::Prefix& p) { return engine.is_overtaken(peer, p, time); });
  }
  return prefixes;
}

void give(const Waiting& item, AnalyzeEngine& engine) {
  const ris::Message& message = item.message;
  const rib::PeerKey key{message.host, 0, message.peer, rib::RibKind::adj_rib_in_pre_policy};
  const auto* update = std::get_if<ris::Update>(&message.body);
  const auto role = update ? rib::parse_peer_role(update->peer_role) : std::nullopt;
  const rib::PeerPointer peer = engine.peer(key, message.peer_asn, role.value_or(rib::PeerRole::unknown));
  if (!peer) return;
  engine.at(item.line, message.time);
  if (const auto* state = std::get_if<ris::PeerState>(&message.body)) engine.view_state(peer, state->up);
  if (!update) return;
  std::vector<net::Prefix> withdrawn = update->withdrawals;
  // A prefix in both lists is announced (RFC 4271 section 3.1).
  for (const ris::Announcement& part : update->announcements) {
    for (const net::Prefix& prefix : part.prefixes) std::erase(withdrawn, prefix);
  }
  withdrawn = relevant(engine, *peer, message.time, std::move(withdrawn));
  if (!withdrawn.empty()) engine.apply({peer, message.time, nullptr, {}, std::move(withdrawn)});
  for (const ris::Announcement& part : update->announcements) {
    auto announced = relevant(engine, *peer, message.time, part.prefixes);
    if (announced.empty()) continue;
    auto attributes = std::make_shared<wire::bgp::PathAttributes>(update->attributes);
    attributes->next_hop = part.next_hop;
    engine.apply({peer, message.time, std::move(attributes), std::move(announced), {}});
  }
}

// Reads up to the next newline; what is beyond `max` is skipped and makes the line too long. False at the
// end.
bool read_line(std::istream& in, std::string& line, std::size_t max, bool& too_long) {
  line.clear();
  too_long = false;
  std::streambuf& buffer = *in.rdbuf();
  int c = buffer.sbumpc();
  if (c == std::char_traits<char>::eof()) return false;
  for (; c != std::char_traits<char>::eof() && c != '\n'; c = buffer.sbumpc()) {
    if (line.size() < max) {
      line.push_back(static_cast<char>(c));
    } else {
      too_long = true;
    }
  }
  if (!line.empty() && line.back() == '\r') line.pop_back();
  return true;
}

// Decodes a line; nothing when there is nothing to wait for.
std::optional<ris::Message> decode(ris::Decoder& decoder, const std::string& line, std::size_t number,
                                   InputCount& count, Complaints& complaints) {
  ++count.records;
  auto message = decoder.decode(line);
  if (!message) {
    ++count.malformed;
    complaints.say("line", number, message.error().message);
    return std::nullopt;
  }
  if (const auto* error = std::get_if<ris::StreamError>(&message->body)) {
    complaints.say("line", number, "the stream reports an error: " + error->message);
    return std::nullopt;
  }
  if (std::holds_alternative<ris::Ignored>(message->body)) return std::nullopt;
  return std::move(*message);
}

}  // namespace

void read_ris(std::istream& in, AnalyzeEngine& engine, InputCount& count, Complaints& complaints) {
  ris::Decoder decoder;
  std::priority_queue<Waiting> waiting;
  Watermark watermark;
  std::string line;
  bool too_long = false;
  const auto release = [&](TimePoint until) {
    while (!waiting.empty() && (waiting.top().message.time <= until || waiting.size() > waiting_max)) {
      give(waiting.top(), engine);
      waiting.pop();
    }
  };
  for (std::size_t number = 1; read_line(in, line, ris::Decoder::line_bytes_max + 1, too_long); ++number) {
    if (line.empty()) continue;
    auto message = decode(decoder, line, number, count, complaints);
    if (!message) continue;
    const TimePoint complete = watermark.take(message->time);
    waiting.push({number, std::move(*message)});
    release(complete);
  }
  release(TimePoint::max());
}

}  // namespace peering::cli
