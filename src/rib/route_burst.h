// Many UPDATEs in one piece of memory: what a feed hands to a table when routes come faster than one can
// afford to allocate for each.
//
// A burst is a run of records. Each says what one peer announced with common attributes, and what it
// withdrew, in one family; prefixes lie as on the wire (RFC 4271 section 4.3, without path identifiers),
// attributes packed. Nothing in it needs to be judged again.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "rib/packed_attributes.h"
#include "rib/prefix_bits.h"
#include "rib/route.h"
#include "wire/bgp/prefixes.h"

namespace peering::rib {

/// One record, not owned. Withdrawals come first; no prefix is in both.
struct PackedRoutes {
  TimePoint time;  ///< as in `RouteBatch`
  net::Family family = net::Family::ipv4;
  PackedView attributes;
  std::span<const std::uint8_t> announced, withdrawn;
};

/// Calls `visit(const PrefixBits&)` for each prefix of a record's field.
template <class Visit>
void for_each_bits(std::span<const std::uint8_t> field, net::Family family, Visit&& visit) {
  wire::bgp::for_each_prefix(field, false, [&](const wire::bgp::RawPrefix& raw) {
    visit(prefix_bits(raw.bytes.data(), raw.length, family));
  });
}

/// Appends a prefix to a field.
inline void put_prefix(const PrefixBits& prefix, std::vector<std::uint8_t>& out) {
  out.push_back(prefix.length);
  for (unsigned at = 0; 8 * at < prefix.length; ++at) {
    out.push_back(static_cast<std::uint8_t>(prefix.byte(at)));
  }
}

/// Owned by one thread at a time.
class RouteBurst {
 public:
  bool empty() const { return records_ == 0; }
  std::size_t records() const { return records_; }
  /// Memory of the records.
  std::size_t bytes() const { return bytes_.size(); }
  /// Whose records they are, in order; a peer may stand there several times.
  std::span<const PeerPointer> peers() const { return peers_; }
  /// Takes everything out, keeps the memory.
  void clear() {
    bytes_.clear();
    peers_.clear();
    records_ = 0;
  }

  /// Appends a record; copies what it names.
  void append(const PeerPointer& peer, const PackedRoutes& routes) {
    if (peers_.empty() || peers_.back() != peer) peers_.push_back(peer);
    const Head head{to_us(routes.time),
                    static_cast<std::uint32_t>(peers_.size() - 1),
                    static_cast<std::uint32_t>(routes.attributes.size()),
                    static_cast<std::uint32_t>(routes.announced.size()),
                    static_cast<std::uint32_t>(routes.withdrawn.size()),
                    routes.family};
    const std::size_t at = bytes_.size();
    bytes_.resize(at + sizeof head + head.attributes + head.announced + head.withdrawn);
    std::uint8_t* to = bytes_.data() + at;
    const auto put = [&to](const void* from, std::size_t count) {
      if (count > 0) std::memcpy(to, from, count);
      to += count;
    };
    put(&head, sizeof head);
    put(routes.attributes.data(), head.attributes);
    put(routes.announced.data(), head.announced);
    put(routes.withdrawn.data(), head.withdrawn);
    ++records_;
  }

  /// Appends the records of another one.
  void append(const RouteBurst& other) {
    other.for_each([this](const PeerPointer& peer, const PackedRoutes& routes) { append(peer, routes); });
  }

  /// Calls `visit(const PeerPointer&, const PackedRoutes&)` for every record in order.
  template <class Visit>
  void for_each(Visit&& visit) const {
    const std::span<const std::uint8_t> bytes(bytes_);
    for (std::size_t at = 0; at < bytes.size();) {
      Head head;
      std::memcpy(&head, bytes.data() + at, sizeof head);
      at += sizeof head;
      PackedRoutes routes{
          time_from_us(head.time_us), head.family, bytes.subspan(at, head.attributes), {}, {}};
      at += head.attributes;
      routes.announced = bytes.subspan(at, head.announced);
      at += head.announced;
      routes.withdrawn = bytes.subspan(at, head.withdrawn);
      at += head.withdrawn;
      visit(peers_[head.peer], routes);
    }
  }

 private:
  struct Head {
    std::int64_t time_us = 0;
    std::uint32_t peer = 0;
    std::uint32_t attributes = 0, announced = 0, withdrawn = 0;  // bytes
    net::Family family = net::Family::ipv4;
  };

  std::vector<PeerPointer> peers_;
  std::vector<std::uint8_t> bytes_;
  std::size_t records_ = 0;
};

/// What is withdrawn and not announced as well (RFC 4271 section 3.1: then it is announced). Both fields are
/// without path identifiers. The result lies in `withdrawn` or in `room`.
std::span<const std::uint8_t> only_withdrawn(std::span<const std::uint8_t> withdrawn,
                                             std::span<const std::uint8_t> announced, net::Family family,
                                             std::vector<std::uint8_t>& room);

/// Appends a batch: at most a record for each family.
void append_batch(const RouteBatch& batch, RouteBurst& out);

}  // namespace peering::rib
