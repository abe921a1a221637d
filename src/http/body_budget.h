// The memory for request bodies that all connections of a server share.
//
// A body takes what it needs as it arrives, so that one that is only announced costs nothing. When the
// budget is used up readers wait, and TCP makes their clients wait. That alone could end with many bodies
// that each lack their last piece: so room for one whole body is kept back, for the one that began first. It
// ends, gives its bytes back, and the next is the first. The same holds within the share of one client, so
// that one client cannot use up what others need.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <set>

#include "net/address.h"

namespace peering::http {

/// Most that is read of a body at once.
inline constexpr std::size_t body_piece_bytes_max = 64 * 1024;

/// Thread-safe.
class BodyBudget {
 public:
  /// What one body holds. Belongs to one connection, which releases it.
  struct Share {
    net::Address client;
    std::uint64_t order = 0;  ///< 0: it is not being read
    std::size_t bytes = 0;
  };

  /// `bytes_max` for all bodies together; `body_bytes_max`: what the largest may take.
  BodyBudget(std::size_t bytes_max, std::size_t body_bytes_max);

  /// Puts the body at the end of those that are being read.
  void begin(Share& share);
  /// Takes `bytes` more; false when it has to wait.
  bool take(Share& share, std::size_t bytes);
  /// Holds so many from now on: what was taken was an estimate.
  void settle(Share& share, std::size_t bytes);
  /// It has been read, and only holds its bytes now.
  void end(Share& share);
  /// Gives back everything.
  void release(Share& share);

  std::size_t bytes() const;

 private:
  struct Client {
    std::size_t bytes = 0;
    std::set<std::uint64_t> reading;
  };

  void forget_if_idle(const net::Address& client);

  const std::size_t bytes_max_, shared_bytes_max_, client_bytes_max_;
  mutable std::mutex mutex_;
  std::size_t bytes_ = 0;
  std::uint64_t last_order_ = 0;
  std::set<std::uint64_t> reading_;
  std::map<net::Address, Client> clients_;
};

}  // namespace peering::http
