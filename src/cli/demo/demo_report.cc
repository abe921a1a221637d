#include "cli/demo/demo_report.h"

#include <algorithm>

#include "cli/latency_rows.h"
#include "cli/output.h"

namespace peering::cli::demo {

namespace {

bool is_delivered(const sim::ReceivedWebhook& alert) { return alert.signature_problem.empty(); }

Settings table_settings(bool colored) {
  Settings out;
  out.format = Format::table;
  out.colored = colored;
  return out;
}

json::array oldest_first(json::array events) {
  std::stable_sort(events.begin(), events.end(), [](const json::value& a, const json::value& b) {
    return find_string(a, "firstSeen").value_or("") < find_string(b, "firstSeen").value_or("");
  });
  return events;
}

json::array alert_rows(const std::vector<sim::ReceivedWebhook>& alerts) {
  json::array out;
  for (const sim::ReceivedWebhook& alert : alerts) {
    json::object row{{"at", format_rfc3339(alert.at)},
                     {"signature", is_delivered(alert) ? "verified" : alert.signature_problem}};
    for (const std::string_view key : {"state", "level", "kind", "prefix", "durationSeconds", "summary"}) {
      if (const json::value* value = find(alert.body, key)) row[key] = *value;
    }
    out.push_back(std::move(row));
  }
  return out;
}

void heading(std::ostream& out, std::string_view text, bool colored) {
  out << "\n" << (colored ? "\x1b[1m" : "") << text << (colored ? "\x1b[0m" : "") << "\n";
}

// A demonstration has minutes of samples; the hours before it have nothing to show.
json::array rows_with_samples(json::array rows) {
  json::array out;
  for (json::value& row : rows) {
    const json::value* count = find(row, "count");
    if (count && *count != json::value(0)) out.push_back(std::move(row));
  }
  return out;
}

}  // namespace

Outcome<DemoView> read_view(ApiClient& api, const std::string& service,
                            const sim::WebhookReceiver& receiver) {
  DemoView out;
  auto connection = api.get(service);
  if (!connection) return tl::unexpected(connection.error());
  auto prefixes = api.list(service + "/prefixes");
  if (!prefixes) return tl::unexpected(prefixes.error());
  auto events = api.list(extension_path(service, "events"));
  if (!events) return tl::unexpected(events.error());
  auto latency =
      api.get(extension_path(service, "latency"), Query().add("timespan", "PT6H").add("interval", "PT1H"));
  if (!latency) return tl::unexpected(latency.error());
  out.service = std::move(*connection);
  out.prefixes = std::move(*prefixes);
  out.events = oldest_first(std::move(*events));
  out.latency = std::move(*latency);
  out.alerts = receiver.received();
  return out;
}

std::vector<std::string> missing_in(const DemoView& view) {
  std::vector<std::string> out;
  if (latency_rows(view.latency).empty()) out.emplace_back("a latency report");
  const auto has_kind = [&](std::string_view kind) {
    return std::any_of(view.events.begin(), view.events.end(),
                       [&](const json::value& event) { return find_string(event, "kind") == kind; });
  };
  if (!has_kind("announcement")) out.emplace_back("the event of the announcement");
  if (!has_kind("origin-hijack")) out.emplace_back("the event of the hijack");
  if (std::none_of(view.alerts.begin(), view.alerts.end(), is_delivered)) {
    out.emplace_back("an alert at the webhook with a right signature");
  }
  return out;
}

bool hijack_is_over(const DemoView& view) {
  return std::any_of(view.alerts.begin(), view.alerts.end(), [](const sim::ReceivedWebhook& alert) {
    return is_delivered(alert) && find_string(alert.body, "kind") == "origin-hijack" &&
           find_string(alert.body, "state") == "resolved";
  });
}

void print_view(const DemoView& view, bool colored, std::ostream& out) {
  const Settings settings = table_settings(colored);
  heading(out, "The connection", colored);
  out << format_one(view.service,
                    {{"Name", "name"},
                     {"Partner", "properties.peeringServiceProvider"},
                     {"Customer at", "properties.peeringServiceLocation"},
                     {"Primary", "properties.providerPrimaryPeeringLocation"},
                     {"Backup", "properties.providerBackupPeeringLocation"},
                     {"Id", "id"}},
                    settings);
  heading(out, "Its prefixes", colored);
  out << format_list(view.prefixes,
                     {{"Name", "name"},
                      {"Prefix", "properties.prefix"},
                      {"State", "properties.prefixValidationState", Show::state},
                      {"Learned", "properties.learnedType"},
                      {"Message", "properties.errorMessage"}},
                     settings);
  heading(out, "What happened to them", colored);
  out << format_list(view.events,
                     {{"First seen", "firstSeen", Show::time},
                      {"Level", "eventLevel", Show::level},
                      {"Kind", "kind"},
                      {"State", "state", Show::state},
                      {"What", "eventDescription"}},
                     settings);
  heading(out, "Round-trip times of its clients, by PoP", colored);
  out << format_list(rows_with_samples(latency_rows(view.latency)), latency_columns(), settings);
  heading(out, "Alerts as the webhook received them", colored);
  out << format_list(alert_rows(view.alerts),
                     {{"Received", "at", Show::time},
                      {"Level", "level", Show::level},
                      {"Kind", "kind"},
                      {"Prefix", "prefix"},
                      {"State", "state", Show::state},
                      {"Seconds", "durationSeconds", Show::number},
                      {"Signature", "signature"},
                      {"Summary", "summary"}},
                     settings);
}

}  // namespace peering::cli::demo
