#include "app/feed_settings.h"

#include <fstream>
#include <utility>

#include "feeds/bgp_sockets.h"

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

namespace {

constexpr std::size_t kafka_password_bytes_max = 4096;

tl::unexpected<Error> kafka_fault(std::string_view key, std::string_view what) {
  return fail(ErrorCode::invalid_argument, "feeds.kafka.{}: {}", key, what);
}

// What is set has a use, and what is needed is set: otherwise a connection would be less safe than it reads.
Result<void> check_kafka_security(const KafkaFeed& feed) {
  const bool tls = feed.security == "ssl" || feed.security == "sasl_ssl";
  const bool sasl = feed.security.starts_with("sasl_");
  const std::pair<const char*, const std::string&> files[] = {
      {"ca_file", feed.ca_file}, {"certificate_file", feed.certificate_file}, {"key_file", feed.key_file}};
  for (const auto& [key, file] : files) {
    if (file.empty()) continue;
    if (!tls) return kafka_fault(key, "is of no use without security = \"ssl\" or \"sasl_ssl\"");
    if (!std::ifstream(file)) return kafka_fault(key, file + " cannot be read");
  }
  if (feed.certificate_file.empty() != feed.key_file.empty()) {
    return kafka_fault(feed.key_file.empty() ? "key_file" : "certificate_file",
                       "a certificate and its key are set together");
  }
  const bool by_password = feed.sasl_mechanism != "GSSAPI";
  const std::pair<const char*, const std::string&> words[] = {
      {"sasl_mechanism", feed.sasl_mechanism},
      {"sasl_user", feed.sasl_user},
      {"sasl_password_file", feed.sasl_password_file}};
  for (const auto& [key, word] : words) {
    if (!sasl && !word.empty()) {
      return kafka_fault(key, "is of no use without security = \"sasl_ssl\" or \"sasl_plaintext\"");
    }
    if (sasl && by_password && word.empty()) {
      return kafka_fault(key, "is required with security = \"" + feed.security + "\"");
    }
  }
  return {};
}

}  // namespace

Result<feeds::KafkaSettings> kafka_settings(const KafkaFeed& feed) {
  if (auto done = check_kafka_security(feed); !done) return tl::unexpected(done.error());
  feeds::KafkaSettings settings{.brokers = feed.brokers,
                                .topics = feed.topics,
                                .group = feed.group,
                                .from_beginning = feed.from_beginning,
                                .security = feed.security,
                                .authority_file = feed.ca_file,
                                .certificate_file = feed.certificate_file,
                                .key_file = feed.key_file,
                                .sasl_mechanism = feed.sasl_mechanism,
                                .sasl_user = feed.sasl_user,
                                .sasl_password = {},
                                .archive = nullptr};
  if (feed.sasl_password_file.empty()) return settings;
  auto password = feeds::read_password(feed.sasl_password_file, kafka_password_bytes_max);
  if (!password) return kafka_fault("sasl_password_file", password.error().message);
  settings.sasl_password = std::move(*password);
  return settings;
}

}  // namespace peering::app
