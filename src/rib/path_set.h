// The paths of one peer that sends several for a prefix (RFC 7911). The table keeps one route for each peer
// and prefix: it is shown the path announced last; when that one is withdrawn the one before it takes its
// place, and only the last withdrawal is one.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "net/prefix.h"

namespace peering::rib {

/// Packed attributes (`packed_attributes.h`) that several paths have.
using SharedAttributes = std::shared_ptr<const std::vector<std::uint8_t>>;

/// Paths that a peer may have for one prefix. With more the one announced longest ago is forgotten, so what
/// is shown is always the peer's last word. Who withdraws all that are remembered has withdrawn the prefix,
/// whatever was forgotten: a route is rather missed than shown after its end.
inline constexpr std::size_t paths_max = 1024;

/// Owned by one thread.
class PathSet {
 public:
  /// Remembers the path; it is the one shown now.
  void announce(const net::Prefix& prefix, std::uint32_t path_id, const SharedAttributes& attributes);

  enum class Effect { none, withdrawn, replaced };
  /// Forgets the path. `withdrawn`: none is left; `replaced`: show `now_shown`; `none`: what is shown stays.
  Effect withdraw(const net::Prefix& prefix, std::uint32_t path_id, SharedAttributes& now_shown);

  /// The peer begins to send the family's paths again (RFC 7313).
  void begin_repeat(net::Family family) { ++round_[family == net::Family::ipv4 ? 0 : 1]; }
  /// Forgets the family's paths that were not announced since `begin_repeat`; gives the prefixes that have
  /// none left. What is shown of the others stays: a path that was repeated is shown before one that was not.
  std::vector<net::Prefix> end_repeat(net::Family family);

  /// Paths forgotten because of `paths_max`, ever.
  std::uint64_t forgotten() const { return forgotten_; }

 private:
  struct Path {
    std::uint32_t id = 0;
    std::uint32_t round = 0;  // of repeats, when it was announced last
    SharedAttributes attributes;
  };
  std::uint32_t round_of(const net::Prefix& prefix) const { return round_[prefix.address().is_v4() ? 0 : 1]; }

  std::unordered_map<net::Prefix, std::vector<Path>> paths_;
  std::array<std::uint32_t, 2> round_{};  // by family
  std::uint64_t forgotten_ = 0;
};

}  // namespace peering::rib
