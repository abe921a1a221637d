#include "base/metrics.h"
#include "cli/analyze_input.h"
#include "feeds/bmp_conversation.h"

namespace peering::cli {

namespace {

namespace bmp = wire::bmp;

constexpr std::size_t read_bytes = 256 * 1024;
constexpr std::size_t peers_max = 100'000;

// Splits the stream into frames; false when nothing after this point can be trusted.
class Frames {
 public:
  explicit Frames(std::istream& in) : in_(in) {}

  /// The next whole frame, or an empty span at the end.
  Result<std::span<const std::uint8_t>> next() {
    while (true) {
      const std::span<const std::uint8_t> left = std::span(bytes_).subspan(at_);
      const auto length = left.empty() ? Result<std::size_t>(0) : bmp::split_frame(left);
      if (!length) return tl::unexpected(length.error());
      if (*length > 0 && *length <= left.size()) {
        at_ += *length;
        return left.first(*length);
      }
      if (!read_more()) break;
    }
    if (at_ < bytes_.size()) {
      return fail(ErrorCode::corrupt, "{} bytes at the end are no whole message", bytes_.size() - at_);
    }
    return std::span<const std::uint8_t>();
  }

 private:
  bool read_more() {
    bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(at_));
    at_ = 0;
    const std::size_t had = bytes_.size();
    bytes_.resize(had + read_bytes);
    in_.read(reinterpret_cast<char*>(bytes_.data() + had), static_cast<std::streamsize>(read_bytes));
    bytes_.resize(had + static_cast<std::size_t>(in_.gcount()));
    return bytes_.size() > had;
  }

  std::istream& in_;
  std::vector<std::uint8_t> bytes_;
  std::size_t at_ = 0;
};

// A recording does not say when a message arrived: when the router says it was is the best there is.
TimePoint arrival_of(const bmp::Message& message, TimePoint before) {
  TimePoint said{};
  std::visit(
      [&](const auto& content) {
        if constexpr (requires { content.peer.time; }) said = content.peer.time;
      },
      message);
  return said == TimePoint{} ? before : said;
}

}  // namespace

void read_bmp(std::istream& in, AnalyzeEngine& engine, InputCount& count, Complaints& complaints) {
  Metrics metrics;
  feeds::BmpMetrics counters(metrics);
  feeds::BmpConversation conversation(net::Address(), peers_max, engine.peers(), counters);
  Frames frames(in);
  std::vector<feeds::ShardMessage> said;
  for (std::size_t number = 1;; ++number) {
    const auto frame = frames.next();
    if (!frame) {
      ++count.malformed;
      complaints.say("message", number, frame.error().message);
      return;
    }
    if (frame->empty()) return;
    ++count.records;
    const auto message = bmp::decode_message(*frame);
    if (!message) {
      ++count.malformed;
      complaints.say("message", number, message.error().message);
      continue;
    }
    said.clear();
    conversation.take(*frame, arrival_of(*message, engine.now()), said);
    for (const feeds::ShardMessage& part : said) engine.take(number, part);
  }
}

}  // namespace peering::cli
