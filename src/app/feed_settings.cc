#include "app/feed_settings.h"

#include <fstream>

namespace peering::app {

feeds::RisSettings ris_settings(const RisFeed& feed, std::size_t number) {
  feeds::RisSettings settings;
  settings.name = std::to_string(number);
  settings.url = feed.url;
  settings.authority_file = feed.ca_file;
  settings.stale_after = feed.stale_after;
  settings.keep = feed.keep_after_loss;
  settings.own_view = feed.own_view;
  settings.filter.collectors = feed.hosts;
  for (const std::string& peer : feed.peers) settings.filter.peers.push_back(*net::Address::parse(peer));
  settings.filter.every_prefix = feed.prefixes.front() == "all";
  settings.registered_prefixes = feed.prefixes.front() == "registered";
  if (!settings.filter.every_prefix && !settings.registered_prefixes) {
    for (const std::string& text : feed.prefixes)
      settings.filter.prefixes.push_back(*net::Prefix::parse(text));
  }
  return settings;
}

Result<feeds::KafkaSettings> kafka_settings(const KafkaFeed& feed) {
  feeds::KafkaSettings settings{.brokers = feed.brokers,
                                .topics = feed.topics,
                                .group = feed.group,
                                .from_beginning = feed.from_beginning,
                                .security = feed.security,
                                .authority_file = feed.ca_file,
                                .sasl_mechanism = feed.sasl_mechanism,
                                .sasl_user = feed.sasl_user,
                                .sasl_password = {},
                                .archive = nullptr};
  if (!feed.sasl_password_file.empty()) {
    std::ifstream file(feed.sasl_password_file);
    if (!std::getline(file, settings.sasl_password)) {
      return fail(ErrorCode::invalid_argument, "feeds.kafka.sasl_password_file {} cannot be read",
                  feed.sasl_password_file);
    }
  }
  return settings;
}

}  // namespace peering::app
