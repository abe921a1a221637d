// `analyze`, `mrt dump`, `mrt record`, `bmp dump`: what works without a server.
#include <chrono>
#include <iostream>
#include <optional>

#include "cli/analyze.h"
#include "cli/bmp_dump.h"
#include "cli/commands.h"
#include "cli/mrt_dump.h"
#include "cli/mrt_record.h"

namespace peering::cli {

namespace {

// "15m"
std::optional<std::chrono::seconds> duration_of(const std::string& text) {
  std::size_t end = 0;
  std::int64_t value = 0;
  for (; end < text.size() && text[end] >= '0' && text[end] <= '9' && end < 9; ++end) {
    value = value * 10 + (text[end] - '0');
  }
  const std::string unit = text.substr(end);
  if (value == 0 || end == 0) return std::nullopt;
  if (unit == "s") return std::chrono::seconds(value);
  if (unit == "m") return std::chrono::minutes(value);
  if (unit == "h") return std::chrono::hours(value);
  if (unit == "d") return std::chrono::hours(24 * value);
  return std::nullopt;
}

// The offline tools say on stderr themselves what went wrong.
Outcome<void> ended_with(int code) {
  if (code == 0) return {};
  return tl::unexpected(Failure{static_cast<ExitCode>(code), ""});
}

Outcome<void> analyze(Session& session, const Call& call) {
  AnalyzeOptions options;
  options.watch_file = call.value("watch");
  options.format = call.value("format");
  options.inputs = call.list("input");
  options.as_relationships = call.value("as-relationships");
  options.vrps = call.value("vrps");
  options.irr = call.value("irr");
  return ended_with(run_analyze(options, std::cin, session.out(), session.err()));
}

Outcome<void> dump_mrt(Session& session, const Call& call) {
  MrtDumpOptions options;
  options.files = call.list("file");
  const bool as_json = session.settings().format_given && session.settings().format == Format::json;
  options.form = call.has("one-line") ? MrtDumpForm::one_line
                 : call.has("brief")  ? MrtDumpForm::brief
                 : as_json            ? MrtDumpForm::json
                                      : MrtDumpForm::readable;
  return ended_with(run_mrt_dump(options, session.out(), session.err()));
}

Outcome<void> record_mrt(Session& session, const Call& call) {
  MrtRecordOptions options;
  options.input = call.value("input");
  options.listen = call.value("listen");
  options.folder = call.value("out");
  options.compress = call.has("gzip");
  const auto every = duration_of(call.value("every"));
  if (!every) return usage_error("--every '{}': a whole number with s, m, h or d", call.value("every"));
  options.every = *every;
  if (options.input.empty() == options.listen.empty()) {
    return usage_error("either a recorded BMP file or --listen ADDRESS is needed");
  }
  return ended_with(run_mrt_record(options, session.out(), session.err()));
}

Outcome<void> dump_bmp(Session& session, const Call& call) {
  return ended_with(run_bmp_dump(call.value("file"), session.out(), session.err()));
}

}  // namespace

std::vector<Command> offline_commands() {
  return {
      {"analyze",
       "Judge recorded updates with the server's detectors: one JSON object a line for everything found.",
       {{"--watch", "JSON file that says what is expected (docs/watch.md)", OptionKind::text, true},
        {.names = "--format",
         .help = "of the inputs",
         .fallback = "auto",
         .choices = {"auto", "ris", "mrt", "bmp"}},
        {"--as-relationships", "who is whose provider, in CAIDA's format, also compressed"},
        {"--vrps", "validated ROA payloads, as a validator exports them in JSON, also compressed"},
        {"--irr", "a dump of an IRR database (RPSL), also compressed"},
        {"input", "RIS Live lines, MRT or recorded BMP, also compressed; - is stdin", OptionKind::list,
         true}},
       analyze},
      {"mrt dump",
       "Write MRT files as text, one line a route; with -o json one JSON object a record.",
       {{"--one-line,-m", "exactly the lines of bgpdump -m", OptionKind::flag},
        {"--brief,-M", "exactly the lines of bgpdump -M", OptionKind::flag},
        {"file", "the file, also compressed; - is stdin", OptionKind::list, true}},
       dump_mrt},
      {"mrt record",
       "Write what routers say over BMP as MRT files, one for every stretch of time.",
       {{"--listen", "address and port to wait for routers at, until interrupted"},
        {"--out", "folder of the files", OptionKind::text, true},
        {.names = "--every", .help = "the stretch of time of one file", .fallback = "15m"},
        {"--gzip", "compress the files", OptionKind::flag},
        {"input", "instead of waiting: a recorded BMP session, also compressed; - is stdin"}},
       record_mrt},
      {"bmp dump",
       "Write what a router sent over a BMP session as text, one line a message or route.",
       {{"file", "the bytes as they came, also compressed; - is stdin", OptionKind::text, true}},
       dump_bmp},
  };
}

}  // namespace peering::cli
