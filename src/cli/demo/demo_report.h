// What the demo shows, and what it still waits for.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "base/json.h"
#include "cli/api_client.h"
#include "sim/webhook_receiver.h"

namespace peering::cli::demo {

/// What a customer sees of her connection at one moment.
struct DemoView {
  json::value service;
  json::array prefixes, events;
  json::value latency;
  std::vector<sim::ReceivedWebhook> alerts;
};

/// Reads everything again.
Outcome<DemoView> read_view(ApiClient& api, const std::string& service, const sim::WebhookReceiver& receiver);

/// What must be there and is not, in words; empty: everything is there.
std::vector<std::string> missing_in(const DemoView& view);
/// True when the alert for the end of the hijack has come too.
bool hijack_is_over(const DemoView& view);

/// Sections with tables, for people.
void print_view(const DemoView& view, bool colored, std::ostream& out);

}  // namespace peering::cli::demo
