// MRT records on their way into the offline detectors.
#pragma once

#include <map>

#include "cli/analyze_input.h"
#include "rib/path_set.h"
#include "rib/route_burst.h"
#include "wire/mrt/record.h"

namespace peering::cli {

/// Takes the records of one collector, or of several whose peers have different addresses. Not thread-safe.
class MrtReader {
 public:
  MrtReader(AnalyzeEngine& engine, InputCount& count, Complaints& complaints)
      : engine_(engine), count_(count), complaints_(complaints) {}

  /// Updates and session states are judged; other records are counted only.
  void take(const wire::mrt::Record& record, std::size_t number);
  void malformed(std::size_t number, std::string_view what);
  /// The peer of this address; null when there are too many.
  rib::PeerPointer peer_of(const net::Address& address, net::Asn asn);

 private:
  void update(const wire::mrt::BgpMessage& message, TimePoint time, std::size_t number);
  void state(const wire::mrt::StateChange& change, TimePoint time, std::size_t number);

  AnalyzeEngine& engine_;
  InputCount& count_;
  Complaints& complaints_;
  std::map<rib::PeerId, rib::PathSet> paths_;
  rib::RouteBurst routes_;  // of the record at hand
};

}  // namespace peering::cli
