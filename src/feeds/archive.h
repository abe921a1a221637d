// `[archive]`: what routers say over BMP (also through Kafka), neighbours over BGP and RIS Live, kept as MRT
// files (bmp_to_mrt.h, bgp_to_mrt.h, ris_to_mrt.h, mrt_writer.h).
//
// Feeds hand over records and go on: a queue of bounded size takes them to one thread that writes. When the
// disk is slow or full the queue overflows, records are dropped and counted, and the archive says that it is
// not well; no feed ever waits.
#pragma once

#include <memory>
#include <vector>

#include "base/metrics.h"
#include "feeds/mrt_writer.h"

namespace peering::feeds {

struct ArchiveSettings {
  MrtWriterSettings files;
  std::size_t queue_bytes_max = 64 * 1024 * 1024;
};

/// Inert until `start`. Thread-safe.
class Archive {
 public:
  Archive(ArchiveSettings settings, Metrics& metrics);
  ~Archive();
  Archive(const Archive&) = delete;
  Archive& operator=(const Archive&) = delete;

  void start();
  /// Writes what is queued, completes the file, joins. Idempotent.
  void stop();
  /// Whole records that arrived at `arrival`. Never waits for the disk.
  void push(TimePoint arrival, std::vector<std::uint8_t> records);
  /// What is wrong at the moment; empty when records reach the disk.
  std::string trouble() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace peering::feeds
