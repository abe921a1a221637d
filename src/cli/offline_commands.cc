// `analyze`: what works without a server.
#include <iostream>

#include "cli/analyze.h"
#include "cli/commands.h"

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
  };
}

}  // namespace peering::cli
