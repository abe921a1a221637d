// `[[detection.asns]]` as the detectors take it.
#pragma once

#include "app/configuration.h"
#include "app/feed_watch.h"
#include "detect/monitored_as.h"

namespace peering::app {

/// Of a configuration whose rules were checked.
detect::MonitoredAses monitored_ases(const Configuration& configuration);

/// What is watched of the feeds. `routes`: all that there are for a prefix now.
FeedWatch::Settings feed_watch_settings(
    const Configuration& configuration,
    std::function<Result<std::vector<rib::Route>>(const net::Prefix&)> routes);

}  // namespace peering::app
