// Whether what is said of a prefix rests on something that is heard now. A feed that fell silent shows the
// routes that it showed last; what follows from them alone is not observed, and not "fine".
#pragma once

#include <span>
#include <string>
#include <vector>

#include "api/call.h"
#include "api/prefix_validation.h"
#include "base/json.h"
#include "model/unheard_feeds.h"
#include "rib/route.h"

namespace peering::api {

/// A feed that what is said rests on, and that is not heard.
struct NotObserved {
  std::string feed;  ///< the router or collector; empty: there is no feed at all that is heard
  TimePoint since{};
  std::string reason;
  friend bool operator==(const NotObserved&, const NotObserved&) = default;
};

/// Who is not heard at this moment of the call; never null.
model::UnheardFeedsPointer unheard_feeds(const Call& call);

/// Why nothing is observed of exactly `prefix`: each feed that has a route for it is not heard, or no feed is
/// heard at all. Empty: it is observed.
std::vector<NotObserved> not_observed(const model::UnheardFeeds& unheard, const net::Prefix& prefix,
                                      std::span<const rib::Route> routes);
/// The routes without those of feeds that are not heard.
std::vector<rib::Route> heard_routes(const model::UnheardFeeds& unheard, std::span<const rib::Route> routes);

/// Sets `observed`, and `notObserved` where something is not.
void mark_observed(json::object& out, std::span<const NotObserved> missing);
/// What passed by routes that nobody confirms any more is unknown, and the prefix not Verified.
void doubt(PrefixValidation& validation, std::span<const NotObserved> missing);
/// "router edge-1: it is connected and says nothing, since 2026-11-23T10:00:00Z" and so on.
std::string in_words(std::span<const NotObserved> missing);

}  // namespace peering::api
