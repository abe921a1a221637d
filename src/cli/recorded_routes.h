// Routes out of MRT files: what tables hold and updates leave, for chosen prefixes only.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/prefix_map.h"
#include "rib/route.h"
#include "wire/mrt/table.h"

namespace peering::cli {

/// Most routes that are kept; a full table of the largest collectors has a tenth of that for one origin.
inline constexpr std::size_t recorded_routes_max = 5'000'000;

/// Which routes are kept: those for the prefixes and inside them, and those of the origins.
struct WantedRoutes {
  net::PrefixMap<bool> prefixes;
  std::set<net::Asn> origins;
};

/// Reads files one after the other, as if they were one. Peers are told apart by their address, as one file
/// does not say which collector wrote it. Not thread-safe.
class RecordedRoutes {
 public:
  explicit RecordedRoutes(WantedRoutes wanted) : wanted_(std::move(wanted)) {}

  /// TABLE_DUMP, TABLE_DUMP_V2 and updates; "-" is standard input. What cannot be read is counted. The error
  /// says that the file cannot be opened, is damaged, or has more routes than are kept.
  Result<void> read(const std::string& path);

  /// For the prefix and inside it, in order.
  std::vector<rib::Route> within(const net::Prefix& prefix) const;
  /// That have a route from one of the wanted origins.
  std::set<net::Prefix> prefixes_of_origins() const;
  std::size_t malformed() const { return malformed_; }

 private:
  bool wants(const net::Prefix& prefix) const { return wanted_.prefixes.longest_match(prefix).has_value(); }
  Result<void> take(const wire::mrt::Record& record);
  Result<void> take_table(const wire::mrt::Record& record);
  Result<void> take_old_entry(const wire::mrt::Record& record);
  Result<void> take_update(const wire::mrt::Record& record);
  Result<void> add(const net::Prefix& prefix, const net::Address& peer, net::Asn asn, TimePoint time,
                   wire::mrt::Bytes attributes, const wire::bgp::SessionFacts& facts);
  void put(const net::Prefix& prefix, const net::Address& peer, net::Asn asn, TimePoint time,
           const rib::AttributesPointer& attributes);
  rib::PeerPointer peer_of(const net::Address& address, net::Asn asn);

  WantedRoutes wanted_;
  std::vector<wire::mrt::TablePeer> table_peers_;
  std::map<net::Address, rib::PeerPointer> peers_;
  std::map<net::Prefix, std::map<net::Address, rib::Route>> routes_;
  std::size_t count_ = 0, malformed_ = 0;
};

}  // namespace peering::cli
