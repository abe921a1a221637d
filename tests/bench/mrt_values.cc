// `mrt_values FILE`: an MRT file, compressed or not, to values, as a feed reads it: records by
// feeds::FrameFile, then every prefix and every attribute of updates and tables. Prints one JSON object: the
// plain bytes, the seconds, and a digest as the proof that nothing was left out. It compares with the
// decompressor alone.
#include <chrono>
#include <cstdio>
#include <variant>

#include "feeds/frame_file.h"
#include "wire/bgp/attributes.h"
#include "wire/bgp/update_digest.h"
#include "wire/mrt/table.h"

namespace {

namespace bgp = peering::wire::bgp;
namespace mrt = peering::wire::mrt;
using Clock = std::chrono::steady_clock;

struct Totals {
  std::uint64_t bytes = 0, records = 0, routes = 0, issues = 0, digest = 0;
};

// Keeps the memory of the values from record to record.
class Values {
 public:
  void read(mrt::Bytes bytes) {
    ++totals_.records;
    totals_.bytes += bytes.size();
    const auto record = mrt::decode_header(bytes);
    if (!record) {
      ++totals_.issues;
    } else if (record->type == static_cast<std::uint16_t>(mrt::RecordType::table_dump_v2)) {
      table(*record);
    } else {
      update(*record);
    }
  }
  const Totals& totals() const { return totals_; }

 private:
  void update(const mrt::Record& record) {
    const auto content = mrt::decode_record(record);
    if (!content) ++totals_.issues;
    if (!content) return;
    const auto* message = std::get_if<mrt::BgpMessage>(&*content);
    if (message == nullptr || message->type != bgp::MessageType::update) return;
    bgp::decode_update_into(message->body, message->facts, update_);
    totals_.issues += update_.issues.size();
    totals_.routes += bgp::add_to_digest(update_, totals_.digest);
  }

  void table(const mrt::Record& record) {
    if (!mrt::decode_table_routes(record, routes_)) {  // the table of peers
      ++totals_.issues;
      return;
    }
    bgp::add_to_digest(routes_.prefix.prefix(routes_.family), totals_.digest);
    for (const mrt::TableEntry& entry : routes_.entries) {
      bgp::AttributeScan scan;
      bgp::scan_attributes(entry.attributes, {}, bgp::MpReachForm::next_hop, scan);
      bgp::read_path_attributes(scan, {}, attributes_);
      if (scan.reach) attributes_.next_hop = scan.reach->next_hop;
      totals_.issues += scan.issues.size();
      ++totals_.routes;
      bgp::add_to_digest(attributes_, totals_.digest);
    }
  }

  Totals totals_;
  bgp::Update update_;
  mrt::TableRoutes routes_;
  bgp::PathAttributes attributes_;
};

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::fputs("usage: mrt_values FILE\n", stderr);
    return 2;
  }
  const auto start = Clock::now();
  auto file = peering::feeds::FrameFile::open(arguments[1], mrt::split_record, mrt::find_record);
  if (!file) {
    std::fprintf(stderr, "%s\n", file.error().message.c_str());
    return 1;
  }
  Values values;
  while (true) {
    const auto record = file->next();
    if (!record) {
      std::fprintf(stderr, "%s\n", record.error().message.c_str());
      return 1;
    }
    if (record->empty()) break;
    values.read(*record);
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  const Totals& totals = values.totals();
  std::printf(
      "{\"bytes\":%llu,\"seconds\":%.6f,\"records\":%llu,\"routes\":%llu,\"issues\":%llu,\"digest\":\"%"
      "016llx\"}\n",
      static_cast<unsigned long long>(totals.bytes), seconds, static_cast<unsigned long long>(totals.records),
      static_cast<unsigned long long>(totals.routes), static_cast<unsigned long long>(totals.issues),
      static_cast<unsigned long long>(totals.digest));
  return 0;
}
