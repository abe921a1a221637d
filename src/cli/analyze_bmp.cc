#include "base/metrics.h"
#include "cli/analyze_input.h"
#include "feeds/bmp_conversation.h"
#include "feeds/frame_file.h"

namespace peering::cli {

namespace {

namespace bmp = wire::bmp;

constexpr std::size_t peers_max = 100'000;

Result<std::size_t> whole_frame(std::span<const std::uint8_t> bytes) {
  if (bytes.empty()) return 0;
  auto length = bmp::split_frame(bytes);
  if (length && *length > bytes.size()) return 0;
  return length;
}

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

void read_bmp(const std::string& path, AnalyzeEngine& engine, InputCount& count, Complaints& complaints) {
  Metrics metrics;
  feeds::BmpMetrics counters(metrics);
  feeds::BmpConversation conversation(net::Address(), peers_max, engine.peers(), counters);
  auto frames = feeds::FrameFile::open(path, whole_frame);
  if (!frames) {
    ++count.malformed;
    return complaints.say("message", 0, frames.error().message);
  }
  std::vector<feeds::ShardMessage> said;
  for (std::size_t number = 1;; ++number) {
    const auto frame = frames->next();
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
