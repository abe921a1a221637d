// `analyze`, `mrt dump`, `bmp dump`: what works without a server.
#include <iostream>

#include "cli/analyze.h"
#include "cli/bmp_dump.h"
#include "cli/commands.h"
#include "cli/mrt_dump.h"

namespace peering::cli {

namespace {

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
        {"--as-relationships", "who is whose provider, in CAIDA's format"},
        {"--vrps", "validated ROA payloads, as a validator exports them in JSON"},
        {"input", "RIS Live lines, MRT or recorded BMP, also compressed; - is stdin", OptionKind::list,
         true}},
       analyze},
      {"mrt dump",
       "Write MRT files as text, one line a route; with -o json one JSON object a record.",
       {{"--one-line,-m", "exactly the lines of bgpdump -m", OptionKind::flag},
        {"--brief,-M", "exactly the lines of bgpdump -M", OptionKind::flag},
        {"file", "the file, also compressed; - is stdin", OptionKind::list, true}},
       dump_mrt},
      {"bmp dump",
       "Write what a router sent over a BMP session as text, one line a message or route.",
       {{"file", "the bytes as they came, also compressed; - is stdin", OptionKind::text, true}},
       dump_bmp},
  };
}

}  // namespace peering::cli
