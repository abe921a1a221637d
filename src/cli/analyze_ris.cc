#include <queue>

#include "cli/analyze_input.h"
#include "wire/ris/message.h"

namespace peering::cli {

namespace {

namespace ris = wire::ris;

constexpr Microseconds lateness_max = std::chrono::seconds(60);
constexpr std::size_t waiting_max = 500'000;

struct Waiting {
  std::size_t line = 0;
  ris::Message message;
  // The queue gives the greatest: the earliest, then the first that came.
  friend bool operator<(const Waiting& a, const Waiting& b) {
    return std::tie(b.message.time, b.line) < std::tie(a.message.time, a.line);
  }
};

rib::RouteBatch announcement(const rib::PeerPointer& peer, TimePoint time, const ris::Update& update,
                             const ris::Announcement& part) {
  auto attributes = std::make_shared<wire::bgp::PathAttributes>(update.attributes);
  attributes->next_hop = part.next_hop;
  return {peer, time, std::move(attributes), part.prefixes, {}};
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
  if (!withdrawn.empty()) engine.apply({peer, message.time, nullptr, {}, std::move(withdrawn)});
  for (const ris::Announcement& part : update->announcements) {
    engine.apply(announcement(peer, message.time, *update, part));
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
  TimePoint latest{};
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
    latest = std::max(latest, message->time);
    waiting.push({number, std::move(*message)});
    release(latest - lateness_max);
  }
  release(TimePoint::max());
}

}  // namespace peering::cli
