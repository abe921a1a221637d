// `status` and `config check`: is the server well?
#include "cli/child_process.h"
#include "cli/commands.h"
#include "cli/parse.h"

namespace peering::cli {

namespace {

Outcome<http::Response> ask(Session& session, std::string_view target) {
  return session.api().send(http::Method::get, target, {}, {});
}

Outcome<void> status(Session& session, const Call&) {
  const auto alive = ask(session, "/healthz");
  if (!alive) return tl::unexpected(alive.error());
  if (alive->status != 200) return failure_of(*alive);
  const auto ready = ask(session, "/readyz");
  if (!ready) return tl::unexpected(ready.error());
  const auto body = parse_json(ready->body);
  json::object out{{"endpoint", session.api().endpoint()},
                   {"alive", true},
                   {"status", ready->status == 200 ? "ready" : "not ready"}};
  if (body) {
    for (const std::string_view list : {"notReady", "concerns"}) {
      if (const json::value* said = find(*body, list)) out[list] = *said;
    }
  }
  session.print_one(out, {{"Server", "endpoint"},
                          {"State", "status", Show::state},
                          {"Waits for", "notReady"},
                          {"Concerns", "concerns"}});
  if (ready->status == 200) return {};
  return tl::unexpected(Failure{ExitCode::failed, ""});
}

Outcome<void> check_config(Session& session, const Call& call) {
  const std::string program = call.has("peeringd") ? call.value("peeringd") : program_beside("peeringd");
  auto child = ChildProcess::start({program, "--check", "--config", call.value("file")}, {});
  if (!child) return failure_of(child.error());
  const auto ended = child->wait(std::chrono::seconds(60));
  if (!ended) return failed("{} --check did not end within 60 s", program);
  if (*ended == 0) return {};
  session.err().flush();
  return tl::unexpected(Failure{*ended == 2 ? ExitCode::usage : ExitCode::failed, ""});
}

Outcome<void> print_reference(Session& session, const Call&) {
  session.out() << reference(all_commands());
  return {};
}

}  // namespace

std::vector<Command> status_commands() {
  return {
      {"status", "Ask the server how it is; exit code 1 when it is not ready.", {}, status},
      {"config check",
       "Check a configuration file of the server (runs peeringd --check).",
       {{"file", "the TOML file", OptionKind::text, true},
        {"--peeringd", "the program; default: beside peeringctl, else in PATH"}},
       check_config},
      {"reference",
       "Print the reference of all commands as Markdown (the end of docs/cli.md).",
       {},
       print_reference},
  };
}

}  // namespace peering::cli
