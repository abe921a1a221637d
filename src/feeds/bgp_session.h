// The sockets and timers of one BGP neighbour: carries out what its machine (`wire/bgp/fsm`) says, and tells
// it what happens. Everything runs on the listener's thread; clocks are steady, so a jump of the wall clock
// moves nothing.
//
// A full shard makes the reader wait, so TCP closes the window; keepalives go out all the same, and the hold
// timer does not blame the neighbour for what we have not read.
#pragma once

#include <functional>
#include <memory>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "feeds/bgp_metrics.h"
#include "feeds/bgp_settings.h"
#include "feeds/peer_registry.h"
#include "feeds/shard_message.h"
#include "wire/bgp/message.h"

namespace peering::feeds {

class BgpSession : public std::enable_shared_from_this<BgpSession> {
 public:
  struct Services {
    boost::asio::io_context& context;
    PeerRegistry& peers;
    ShardSink& shards;
    BgpMetrics& metrics;
  };
  /// Inert until `start`.
  static std::shared_ptr<BgpSession> make(const BgpSettings& settings, const BgpNeighbor& neighbor,
                                          Services services);
  virtual ~BgpSession() = default;

  virtual void start() = 0;
  /// A connection from the neighbour's address.
  virtual void accepted(boost::asio::ip::tcp::socket socket) = 0;
  /// Sends a cease with `words` and forgets everything; nothing more is posted to the shards.
  virtual void stop(std::string_view words) = 0;
  /// The neighbour is no longer configured (`for_good`: not under its name), or otherwise: sends the
  /// NOTIFICATION, takes its routes out of sight and calls `gone` when the shards have taken that. Once.
  virtual void leave(const wire::bgp::Notification& last, bool for_good, std::function<void()> gone) = 0;
  /// Asks for all routes again (RFC 2918); false when the neighbour cannot be asked.
  virtual bool refresh() = 0;
};

}  // namespace peering::feeds
