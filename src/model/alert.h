// Alerts: what a customer is told about an event, and how it travels.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "model/event.h"

namespace peering::model {

/// One alert: opened by an event of an opted-in connection, resolved with it.
struct Alert {
  std::string id;  ///< stable: the event's id
  EventId event;
  std::string connection;  ///< ARM id
  EventKind kind = EventKind::withdrawal;
  Level level = Level::warning;
  EventState state = EventState::open;
  TimePoint opened{};
  std::optional<TimePoint> resolved;
  std::string summary;
  /// Keys of the channels that were told it opened: the same are told it resolved.
  std::vector<std::string> channels;
  friend bool operator==(const Alert&, const Alert&) = default;
};
json::value to_json(const Alert& alert);
Result<Alert> alert_from_json(const json::value& value);

/// One message on its way to one channel. Deliveries of one alert to one channel leave in order of
/// `sequence`.
struct Delivery {
  std::string id;  ///< stable over retries and restarts: alert id, state and channel
  std::string alert;
  std::string channel;  ///< key (lower-case ARM id) of the channel resource
  std::string payload;  ///< the body to send, JSON
  TimePoint created{};
  TimePoint due{};  ///< not before
  int attempts = 0;
  std::string last_error;
  friend bool operator==(const Delivery&, const Delivery&) = default;
};
json::value to_json(const Delivery& delivery);
Result<Delivery> delivery_from_json(const json::value& value);

}  // namespace peering::model
