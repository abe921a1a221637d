// ASes that are watched themselves, wherever they stand in a path: who is next to them, and what they
// originate.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/registry.h"
#include "net/address.h"

namespace peering::detect {

struct PathView;
struct Finding;

/// One entry of `asns` (docs/watch.md) that the configuration or a watch file has.
struct MonitoredAs : model::MonitoredAs {
  /// ARM id of the peering service whose events these are; empty: the group's, of a watch file.
  std::string connection;
};

/// Found by AS number: what it costs to judge a path does not grow with their number, only with the number of
/// those who watch an AS of the path. Owned by one thread, or built once and then read by any number.
class MonitoredAses {
 public:
  void add(MonitoredAs as);
  /// Puts what a connection watches in the place of what it watched; `key` is its id in lower case, and
  /// `connection` null when it is gone. Gives the ASes of entries that are new, changed or gone, each once.
  std::vector<net::Asn> replace(std::string_view key, const model::MonitoredAsList& before,
                                const model::Connection* connection);

  bool empty() const { return by_asn_.empty(); }
  std::size_t size() const { return by_asn_.size(); }
  /// Whether anybody watches it; for most numbers that takes one look.
  bool has(net::Asn asn) const {
    const std::size_t low = asn & (64 * low_bits_.size() - 1);
    return (low_bits_[low / 64] >> (low % 64) & 1) != 0 && by_asn_.contains(asn);
  }
  /// Whether somebody watches an AS under this resource (`model::monitored_resource`).
  bool has(std::string_view resource) const;

 private:
  friend void judge_monitored(const MonitoredAses& monitored, const model::Registry& registry,
                              const net::Prefix& observed, const PathView& view, std::vector<Finding>& out);
  struct Owner {
    std::string key;         // empty: the configuration or a watch file
    std::string connection;  // ARM id, as created
  };
  struct Entry {
    std::shared_ptr<const model::MonitoredAs> as;
    std::shared_ptr<const Owner> owner;
  };
  static model::RegisteredPrefixPointer stand_in(const Entry& entry);
  void insert(Entry entry);
  void index_again();

  std::unordered_map<net::Asn, std::vector<Entry>> by_asn_;  // one for each group or connection
  // Of the numbers: most others need no other look. A power of two of them, at least 16 bits a number until
  // they would no longer fit into a core's cache.
  std::vector<std::uint64_t> low_bits_ = std::vector<std::uint64_t>(64);
  std::size_t stale_ = 0;  // numbers that left since the bits were made
};

/// Appends what a route says of monitored ASes. The first AS of a path is the peer that showed it, whose
/// neighbours are whom it chose to show us: it is judged neither as a neighbour nor as a monitored AS. What a
/// monitored AS originates should lie inside a prefix that is registered in the subscription of who watches
/// it, or, in a watch file, inside any of the file.
void judge_monitored(const MonitoredAses& monitored, const model::Registry& registry,
                     const net::Prefix& observed, const PathView& view, std::vector<Finding>& out);

}  // namespace peering::detect
