#include "cli/mrt_record.h"

#include <ostream>

#include <fmt/format.h>

#include "cli/stop_signal.h"
#include "feeds/archive.h"
#include "feeds/bmp_listener.h"
#include "feeds/bmp_to_mrt.h"
#include "feeds/frame_file.h"
#include "feeds/mrt_writer.h"
#include "feeds/peer_registry.h"
#include "http/server.h"

namespace peering::cli {

namespace {

namespace bmp = wire::bmp;

constexpr std::size_t peers_max = 100'000;
constexpr int record_failed = 1, record_not_found = 3;

feeds::MrtWriterSettings files_of(const MrtRecordOptions& options) {
  return {options.folder, options.every, options.compress, std::chrono::seconds(0)};
}

// Of messages that have no time: that of the message before.
TimePoint time_of(const bmp::Message& message, TimePoint before) {
  const auto of = [&](const auto& about) {
    if constexpr (requires { about.peer.time; }) {
      return about.peer.time == TimePoint{} ? before : about.peer.time;
    } else {
      return before;
    }
  };
  return std::visit(of, message);
}

int record_file(const MrtRecordOptions& options, std::ostream& err) {
  auto input = feeds::FrameFile::open(options.input, bmp::split_frame);
  if (!input) {
    err << "mrt record: " << input.error().message << "\n";
    return input.error().code == ErrorCode::not_found ? record_not_found : record_failed;
  }
  feeds::MrtWriter files(files_of(options));
  feeds::BmpToMrt translator(peers_max);
  TimePoint time{};
  std::uint64_t damaged = 0;
  Result<void> written;
  auto frame = input->next();
  for (; frame && !frame->empty() && written; frame = input->next()) {
    const auto message = bmp::decode_message(*frame);
    if (!message) {
      ++damaged;
      continue;
    }
    time = time_of(*message, time);
    ByteWriter records;
    translator.take(*message, time, records);
    if (records.size() > 0) written = files.append(time, records.data());
  }
  if (written) written = files.finish();
  if (!frame) err << "mrt record: after message " << input->frames() << ": " << frame.error().message << "\n";
  if (!written) err << "mrt record: " << written.error().message << "\n";
  err << fmt::format("mrt record: {} messages, {} damaged, {} files\n", input->frames(), damaged,
                     files.files());
  return frame && written ? 0 : record_failed;
}

// The routes themselves are not kept.
class Nowhere final : public feeds::ShardSink {
 public:
  std::size_t shards() const override { return 1; }
  bool try_post(std::size_t, feeds::ShardMessage&) override { return true; }
};

int record_routers(const MrtRecordOptions& options, std::ostream& out, std::ostream& err) {
  const auto endpoint = http::parse_endpoint(options.listen);
  if (!endpoint) {
    err << "mrt record: " << endpoint.error().message << "\n";
    return record_failed;
  }
  StopSignal signal;  // before any thread is there
  Metrics metrics;
  feeds::ArchiveSettings archived;
  archived.files = files_of(options);
  feeds::Archive archive(archived, metrics);
  archive.start();
  feeds::PeerRegistry peers;
  Nowhere nowhere;
  feeds::BmpSettings settings;
  settings.archive = &archive;
  feeds::BmpListener listener(settings, peers, nowhere, metrics);
  const auto bound = listener.listen(*endpoint);
  if (!bound) {
    err << "mrt record: " << bound.error().message << "\n";
    return record_failed;
  }
  out << "waiting for routers at " << options.listen << " (port " << bound->port << ")" << std::endl;
  while (!signal.wait_for(std::chrono::milliseconds(1000))) {
  }
  listener.stop();
  archive.stop();
  if (const std::string trouble = archive.trouble(); !trouble.empty()) {
    err << "mrt record: " << trouble << "\n";
    return record_failed;
  }
  return 0;
}

}  // namespace

int run_mrt_record(const MrtRecordOptions& options, std::ostream& out, std::ostream& err) {
  return options.listen.empty() ? record_file(options, err) : record_routers(options, out, err);
}

}  // namespace peering::cli
