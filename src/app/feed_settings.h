// Configured feeds as the feeds want them.
#pragma once

#include <cstddef>

#include "app/configuration.h"
#include "base/result.h"
#include "feeds/kafka_feed.h"
#include "feeds/ris_feed.h"

namespace peering::app {

/// The `number`th feed of RIS Live, from 1.
feeds::RisSettings ris_settings(const RisFeed& feed, std::size_t number);

/// Reads the password's file too. `invalid_argument` when a file cannot be read, the password's by others
/// too, or when what is set of TLS and SASL does not fit together.
Result<feeds::KafkaSettings> kafka_settings(const KafkaFeed& feed);

}  // namespace peering::app
