// `looking-glass ping|traceroute|route` and `service test create|show|list|delete`: what the server's probes
// meet.
#include "cli/commands.h"
#include "http/query.h"

namespace peering::cli {

namespace {

const Columns test_columns = {
    {"Name", "name"},
    {"Destination", "properties.destination"},
    {"Port", "properties.destinationPort", Show::number},
    {"Every (s)", "properties.testFrequencyInSec", Show::number},
    {"Agent", "properties.sourceAgent"},
    {"Successful", "properties.isTestSuccessful"},
    {"Path", "properties.path"},
    {"Id", "id"},
};
const Columns test_list_columns(test_columns.begin(), test_columns.end() - 2);

// Text for people is printed as it is; who asks for JSON gets the answer.
Outcome<void> look(Session& session, const Call& call, std::string_view command) {
  const auto subscription = session.subscription();
  if (!subscription) return tl::unexpected(subscription.error());
  Query query;
  query.add("command", command);
  query.add("sourceType", call.value("source-type"));
  query.add("sourceLocation", call.value("source"));
  query.add("destinationIP", call.value("destination"));
  const std::string path = subscription_path(*subscription) + "/providers/Microsoft.Peering/lookingGlass";
  const auto answer = session.api().post(path, nullptr, query);
  if (!answer) return tl::unexpected(answer.error());
  const Format format = session.settings().format;
  if (format == Format::json || format == Format::yaml) {
    session.print_one(answer->body, {});
  } else {
    session.out() << find_string(answer->body, "output").value_or("");
  }
  return {};
}

Outcome<void> ping(Session& session, const Call& call) { return look(session, call, "Ping"); }
Outcome<void> traceroute(Session& session, const Call& call) { return look(session, call, "Traceroute"); }
Outcome<void> route(Session& session, const Call& call) { return look(session, call, "BgpRoute"); }

Outcome<std::string> service_of(const Session& session, const Call& call) {
  const auto subscription = session.subscription();
  if (!subscription) return tl::unexpected(subscription.error());
  return service_path(*subscription, call.value("resource-group"), call.value("peering-service-name"));
}

Outcome<std::string> path_of(const Session& session, const Call& call) {
  auto service = service_of(session, call);
  if (!service) return service;
  return *service + "/connectionMonitorTests/" + http::percent_encode(call.value("name"));
}

Outcome<void> create_test(Session& session, const Call& call) {
  const auto path = path_of(session, call);
  if (!path) return tl::unexpected(path.error());
  json::object properties;
  add_text(properties, "destination", call, "destination");
  add_text(properties, "sourceAgent", call, "source-agent");
  if (const auto port = call.number("destination-port")) properties["destinationPort"] = *port;
  if (const auto seconds = call.number("test-frequency")) properties["testFrequencyInSec"] = *seconds;
  const json::object body{{"properties", std::move(properties)}};
  return show_written(session, session.api().put(*path, body), test_columns);
}

Outcome<void> show_test(Session& session, const Call& call) {
  const auto path = path_of(session, call);
  if (!path) return tl::unexpected(path.error());
  const auto test = session.api().get(*path);
  if (!test) return tl::unexpected(test.error());
  session.print_one(*test, test_columns);
  return {};
}

Outcome<void> list_tests(Session& session, const Call& call) {
  const auto service = service_of(session, call);
  if (!service) return tl::unexpected(service.error());
  const auto tests = session.api().list(*service + "/connectionMonitorTests");
  if (!tests) return tl::unexpected(tests.error());
  session.print_list(*tests, test_list_columns);
  return {};
}

Outcome<void> delete_test(Session& session, const Call& call) {
  const auto path = path_of(session, call);
  if (!path) return tl::unexpected(path.error());
  if (auto sure = confirm(session, call, "test " + call.value("name")); !sure) return sure;
  return remove(session, *path);
}

std::vector<OptionSpec> look_options() {
  return {{"destination", "IPv4 or IPv6 address", OptionKind::text, true},
          {"--source", "PoP, metro or region to look from; pings and traceroutes: the server's own",
           OptionKind::text, true},
          {.names = "--source-type",
           .help = "what --source names",
           .fallback = "EdgeSite",
           .choices = {"EdgeSite", "AzureRegion"}}};
}

}  // namespace

std::vector<Command> probe_commands() {
  const OptionSpec group = group_option(), service = service_option(false);
  const OptionSpec name{"--name,-n", "name of the test", OptionKind::text, true};
  return {
      {"looking-glass ping", "Send echoes to an address and show what comes back.", look_options(), ping},
      {"looking-glass traceroute", "Show the way to an address, hop by hop.", look_options(), traceroute},
      {"looking-glass route", "Show what routers know about an address.", look_options(), route},
      {"service test create",
       "Create or replace a connection monitor test.",
       {group,
        service,
        name,
        {"--destination", "address or name to probe"},
        {"--destination-port", "TCP port; 862: STAMP; without it ICMP", OptionKind::number},
        {"--test-frequency", "seconds between probes", OptionKind::number},
        {"--source-agent", "name under which its times are in latency reports"}},
       create_test},
      {"service test show",
       "Show a test, whether it was successful, and the path.",
       {group, service, name},
       show_test},
      {"service test list", "List the tests of a connection.", {group, service}, list_tests},
      {"service test delete", "Delete a test.", {group, service, name, yes_option()}, delete_test},
  };
}

}  // namespace peering::cli
