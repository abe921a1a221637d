// A STAMP Session-Reflector (RFC 8762, unauthenticated, stateless): sends back what senders send, with the
// times of its coming and going.
//
// An answer is never longer than what is answered, goes back from the address that was asked, and is not sent
// to another reflector's port, so that two of them cannot be set on each other.
#pragma once

#include <memory>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "base/metrics.h"
#include "base/result.h"
#include "http/server.h"
#include "net/prefix.h"

namespace peering::feeds {

struct StampReflectorSettings {
  http::Endpoint listen;             ///< an address; port 0: a free one
  std::vector<net::Prefix> clients;  ///< empty: everybody
  std::int64_t per_second_max = 1000;
};

/// Lives on the thread of `context`.
class StampReflector {
 public:
  StampReflector(boost::asio::io_context& context, StampReflectorSettings settings, Metrics& metrics);
  ~StampReflector();
  StampReflector(const StampReflector&) = delete;
  StampReflector& operator=(const StampReflector&) = delete;

  /// Where it really listens. `io`, `permission_denied`.
  Result<http::Endpoint> start();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace peering::feeds
