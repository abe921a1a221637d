// MRT records on their way into the offline detectors.
#pragma once

#include <map>

#include "cli/analyze_input.h"
#include "rib/path_set.h"
#include "rib/route_burst.h"
#include "wire/mrt/record.h"
#include "wire/mrt/table.h"

namespace peering::cli {

/// Takes the records of one collector, or of several whose peers have different addresses. Not thread-safe.
class MrtReader {
 public:
  MrtReader(AnalyzeEngine& engine, InputCount& count, Complaints& complaints)
      : engine_(engine), count_(count), complaints_(complaints) {}

  /// Updates, session states and the routes of tables are judged; other records are counted only. What a
  /// table says holds at the time of its records, whenever its routes were announced.
  void take(const wire::mrt::Record& record, std::size_t number);
  void malformed(std::size_t number, std::string_view what);

 private:
  /// The peer of this address; null when there are too many.
  rib::PeerPointer peer_of(const net::Address& address, net::Asn asn);
  Result<void> table(const wire::mrt::Record& record, std::size_t number);
  Result<void> old_table(const wire::mrt::Record& record, std::size_t number);
  Result<void> table_route(const net::Prefix& prefix, const net::Address& peer, net::Asn asn,
                           wire::mrt::Bytes attributes, const wire::bgp::SessionFacts& facts);
  void update(const wire::mrt::BgpMessage& message, TimePoint time, std::size_t number);
  void state(const wire::mrt::StateChange& change, TimePoint time, std::size_t number);

  AnalyzeEngine& engine_;
  InputCount& count_;
  Complaints& complaints_;
  std::map<rib::PeerId, rib::PathSet> paths_;
  std::vector<wire::mrt::TablePeer> table_peers_;
  wire::mrt::TableRoutes table_routes_;  // of the record at hand
  rib::RouteBurst routes_;               // of the record at hand
};

}  // namespace peering::cli
