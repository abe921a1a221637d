// `latency report|compare|import`: round-trip times out and in.
#include <chrono>
#include <fstream>
#include <functional>
#include <iostream>
#include <thread>

#include <unistd.h>

#include "base/digest.h"
#include "cli/commands.h"
#include "cli/latency_rows.h"
#include "cli/probe_output.h"
#include "cli/sample_file.h"
#include "sim/sample_post.h"

namespace peering::cli {

namespace {

Outcome<void> report(Session& session, const Call& call) {
  const auto resource = resource_of(session, call);
  if (!resource) return tl::unexpected(resource.error());
  Query query;
  for (const auto& [parameter, option] :
       {std::pair("timespan", "timespan"), std::pair("interval", "interval"), std::pair("pop", "pop"),
        std::pair("groupBy", "group-by"), std::pair("percentiles", "percentiles")}) {
    if (const auto given = call.text(option)) query.add(parameter, *given);
  }
  const auto answer = session.api().get(extension_path(*resource, "latency"), query);
  if (!answer) return tl::unexpected(answer.error());
  const Format format = session.settings().format;
  if (format == Format::json || format == Format::yaml) {
    session.print_one(*answer, {});
    return {};
  }
  session.print_list(latency_rows(*answer), latency_columns());
  return {};
}

// A connection or prefix where one is named, else a resource group or the subscription.
Outcome<std::string> compared_scope(const Session& session, const Call& call) {
  if (call.text("id") || call.text("peering-service-name")) return resource_of(session, call);
  const auto subscription = session.subscription();
  if (!subscription) return tl::unexpected(subscription.error());
  const auto group = call.text("resource-group");
  return group ? group_path(*subscription, *group) : subscription_path(*subscription);
}

Outcome<void> compare(Session& session, const Call& call) {
  const auto scope = compared_scope(session, call);
  if (!scope) return tl::unexpected(scope.error());
  Query query;
  for (const char* name : {"timespan", "by"}) {
    if (const auto given = call.text(name)) query.add(name, *given);
  }
  const auto answer = session.api().get(extension_path(*scope, "latencyComparison"), query);
  if (!answer) return tl::unexpected(answer.error());
  const Format format = session.settings().format;
  if (format == Format::json || format == Format::yaml) {
    session.print_one(*answer, {});
    return {};
  }
  session.print_list(comparison_rows(*answer), comparison_columns(*answer));
  for (const std::string& note : comparison_notes(*answer)) session.note(note);
  return {};
}

// What the server said to all requests together.
struct Totals {
  sim::PostAnswer answer;
  std::size_t requests = 0, bytes = 0;
};

void add(Totals& totals, const sim::PostAnswer& answer, std::size_t bytes) {
  totals.answer.accepted += answer.accepted;
  totals.answer.rejected += answer.rejected;
  totals.answer.unmatched += answer.unmatched;
  for (const json::value& error : answer.errors) {
    if (totals.answer.errors.size() == 20) break;
    totals.answer.errors.push_back(error);
  }
  totals.requests += 1;
  totals.bytes += bytes;
}

void show_progress(Session& session, const Totals& totals, bool ended) {
  if (isatty(STDERR_FILENO) != 1) return;
  session.err() << fmt::format("\r{:.1f} MB sent, {} samples accepted{}",
                               static_cast<double>(totals.bytes) / 1e6, totals.answer.accepted,
                               ended ? "\n" : "")
                << std::flush;
}

using NextBody = std::function<Outcome<std::optional<std::string>>()>;

Outcome<Totals> send_all(Session& session, const NextBody& next, const SampleForm& form,
                         const std::string& key) {
  const Settings& settings = session.settings();
  http::ClientOptions options;
  options.authority_file = settings.ca_file;
  http::Client client(options);
  Totals totals;
  while (true) {
    auto body = next();
    if (!body) return tl::unexpected(body.error());
    if (!*body) break;
    const std::size_t bytes = (*body)->size();
    // Without a key of the caller the content is the key: the same piece counts once however often it is
    // sent.
    const std::string piece_key =
        key.empty() ? "import-" + to_hex(sha256(**body)) : key + "-" + std::to_string(totals.requests);
    const sim::SamplePost post{settings.endpoint + "/telemetry/samples",
                               settings.token,
                               form.content_type,
                               form.content_encoding,
                               piece_key,
                               std::move(**body)};
    const auto answer = sim::post_samples(client, post, {}, [](std::chrono::milliseconds pause) {
      std::this_thread::sleep_for(pause);
      return true;
    });
    if (!answer) return failure_of(answer.error());
    if (answer->status < 200 || answer->status > 299) return failure_of(*answer);
    add(totals, sim::read_post_answer(*answer), bytes);
    show_progress(session, totals, false);
  }
  show_progress(session, totals, true);
  return totals;
}

// Measurements of another program; what it says of lost probes is no sample.
Outcome<Totals> send_measured(Session& session, std::istream& in, ProbeFormat format, const Call& call) {
  ProbeOutputSettings settings{format, call.value("pop"), call.value("source"), std::nullopt};
  if (settings.pop.empty())
    return usage_error("--format {} needs --pop: the measurements name none", call.value("format"));
  if (settings.source.empty()) settings.source = call.value("format");
  if (const auto given = call.text("time")) {
    const auto time = parse_rfc3339(*given);
    if (!time) return usage_error("--time {}", time.error().message);
    settings.time = *time;
  }
  ProbeOutput output(in, settings);
  auto totals = send_all(
      session, [&] { return output.next(); }, {"application/x-ndjson", ""}, call.value("idempotency-key"));
  session.note(fmt::format("{} probes had no answer, {} results are no round-trip times", output.lost(),
                           output.passed_over()));
  return totals;
}

Outcome<Totals> send_samples(Session& session, std::istream& in, const std::string& path, const Call& call) {
  const SampleForm form = form_of(path, call.value("format"));
  SampleFile file(in, form);
  return send_all(session, [&] { return file.next(); }, form, call.value("idempotency-key"));
}

Outcome<void> import(Session& session, const Call& call) {
  const std::string path = call.value("file");
  std::ifstream file;
  if (path != "-") file.open(path, std::ios::binary);
  std::istream& in = path == "-" ? std::cin : file;
  if (!in) return failed("cannot read {}", path);
  const auto measured = parse_probe_format(call.value("format"));
  const auto totals =
      measured ? send_measured(session, in, *measured, call) : send_samples(session, in, path, call);
  if (!totals) return tl::unexpected(totals.error());
  json::object out{{"accepted", totals->answer.accepted},
                   {"rejected", totals->answer.rejected},
                   {"unmatched", totals->answer.unmatched},
                   {"requests", totals->requests},
                   {"errors", totals->answer.errors}};
  session.print_one(out, {{"Accepted", "accepted", Show::number},
                          {"Of these in no registered prefix", "unmatched", Show::number},
                          {"Rejected", "rejected", Show::number},
                          {"Requests", "requests", Show::number}});
  for (const json::value& error : totals->answer.errors) {
    if (session.settings().format != Format::table) break;
    session.note("rejected: " + json::serialize(error));
  }
  if (totals->answer.accepted == 0 && totals->answer.rejected > 0) return failed("every sample was rejected");
  return {};
}

}  // namespace

std::vector<Command> latency_commands() {
  std::vector<OptionSpec> report_options = resource_options();
  report_options.push_back({"--timespan", "PT6H, PT12H, P1D, P7D, P30D, or start/end"});
  report_options.push_back(
      {.names = "--interval", .help = "length of one point", .choices = {"PT5M", "PT15M", "PT1H", "P1D"}});
  report_options.push_back({"--pop", "only this PoP"});
  report_options.push_back({"--group-by", "what separates series, e.g. pop,kind"});
  report_options.push_back({"--percentiles", "e.g. 50,90,95,99"});
  std::vector<OptionSpec> compare_options = resource_options();
  compare_options.push_back({"--timespan", "PT6H, PT12H, P1D, P7D, P30D, or start/end"});
  compare_options.push_back({"--by", "provider, location, or provider,location"});
  return {
      {"latency report", "Show round-trip times of a connection or prefix.", report_options, report},
      {"latency compare",
       "Compare the PoPs of a connection or prefix; without one the partners and locations of the resource "
       "group or "
       "subscription.",
       compare_options, compare},
      {"latency import",
       "Send a file of samples to the server; sending it again changes nothing.",
       {{"file", "NDJSON, CSV or binary samples, also .gz and .zst; - is stdin", OptionKind::text, true},
        {.names = "--format",
         .help = "instead of by the file's name; results of RIPE Atlas, output of fping, JSON of scamper",
         .choices = {"ndjson", "csv", "binary", "atlas", "fping", "scamper"}},
        {"--pop", "where the measurements of atlas, fping or scamper began or ended"},
        {"--source", "as reports show these measurements; default: the format"},
        {"--time", "when fping measured, where its lines do not say (RFC 3339)"},
        {"--idempotency-key", "key of this import; default: made from the content"}},
       import},
  };
}

}  // namespace peering::cli
