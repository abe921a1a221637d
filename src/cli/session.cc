#include "cli/session.h"

#include "cli/parse.h"

namespace peering::cli {

ApiClient& Session::api() {
  if (!api_) api_ = std::make_unique<ApiClient>(settings_.endpoint, settings_.token, settings_.ca_file);
  return *api_;
}

Outcome<std::string> Session::subscription() const {
  if (!settings_.subscription.empty()) return settings_.subscription;
  return usage_error("no subscription: give --subscription, or set PEERING_SUBSCRIPTION");
}

void Session::print_list(const json::array& items, const Columns& columns) {
  if (items.empty() && settings_.format == Format::table) return note("nothing found");
  out_ << format_list(items, columns, settings_);
}

void Session::print_one(const json::value& item, const Columns& columns) {
  out_ << format_one(item, columns, settings_);
}

void Session::note(std::string_view text) { err_ << text << "\n"; }

ExitCode run(const std::vector<std::string>& words, const Environment& environment, bool terminal,
             std::ostream& out, std::ostream& err) {
  const std::vector<Command> commands = all_commands();
  const auto parsed = parse(commands, words);
  if (const auto* nothing = std::get_if<NothingToRun>(&parsed)) {
    (nothing->code == ExitCode::ok ? out : err) << nothing->text;
    return nothing->code;
  }
  const auto& [command, call] = std::get<Parsed>(parsed);
  auto settings = load_settings(call, environment, terminal);
  Outcome<void> done;
  if (settings) {
    Session session(std::move(*settings), out, err);
    done = command->run(session, call);
  } else {
    done = tl::unexpected(settings.error());
  }
  out.flush();
  if (done) return ExitCode::ok;
  if (!done.error().message.empty()) err << "peeringctl: " << done.error().message << "\n";
  return done.error().code;
}

}  // namespace peering::cli
