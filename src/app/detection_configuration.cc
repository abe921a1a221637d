#include "app/detection_configuration.h"

#include <algorithm>
#include <charconv>

#include <fmt/ranges.h>

namespace peering::app {

namespace {

std::optional<std::vector<net::Asn>> neighbors(const std::vector<std::string>& texts) {
  if (texts == std::vector<std::string>{"any"}) return std::nullopt;
  std::vector<net::Asn> out;
  for (const std::string& text : texts) {
    net::Asn asn = 0;
    std::from_chars(text.data(), text.data() + text.size(), asn);
    out.push_back(asn);
  }
  return out;
}

// Which peers have the prefix itself, and since when.
std::string state_of(const std::vector<rib::Route>& routes, const net::Prefix& prefix) {
  std::vector<std::string> parts;
  for (const rib::Route& route : routes) {
    if (route.prefix != prefix || !route.peer) continue;
    parts.push_back(fmt::format("{} {} {}", route.peer->key.router, route.peer->key.address.to_string(),
                                to_us(route.received_at)));
  }
  std::ranges::sort(parts);
  return fmt::format("{}", fmt::join(parts, ";"));
}

}  // namespace

detect::MonitoredAses monitored_ases(const Configuration& configuration) {
  detect::MonitoredAses out;
  for (const MonitoredAsEntry& entry : configuration.detection.asns) {
    detect::MonitoredAs as;
    as.asn = static_cast<net::Asn>(entry.asn);
    as.upstreams = neighbors(entry.upstreams);
    as.downstreams = neighbors(entry.downstreams);
    as.connection = entry.connection;
    out.add(as);
  }
  return out;
}

FeedWatch::Settings feed_watch_settings(
    const Configuration& configuration,
    std::function<Result<std::vector<rib::Route>>(const net::Prefix&)> routes) {
  FeedWatch::Settings out;
  out.silence_min = configuration.detection.silence_min;
  out.beacon_every = configuration.detection.beacon_every;
  for (const std::string& text : configuration.detection.beacons) {
    if (const auto prefix = net::Prefix::parse_lenient(text)) out.beacons.push_back(*prefix);
  }
  for (const MrtFeed& feed : configuration.feeds.mrt) out.unwatched.insert(feed.collector);
  out.state_of = [routes = std::move(routes)](const net::Prefix& prefix) -> Result<std::string> {
    const auto found = routes(prefix);
    if (!found) return tl::unexpected(found.error());
    return state_of(*found, prefix);
  };
  return out;
}

}  // namespace peering::app
