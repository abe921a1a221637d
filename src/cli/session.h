// One run of the command line: settings, the streams it writes to, and the connection to the server, opened
// when the first request needs it.
#pragma once

#include <memory>
#include <ostream>
#include <string>

#include "cli/api_client.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/settings.h"

namespace peering::cli {

/// Not thread-safe.
class Session {
 public:
  Session(Settings settings, std::ostream& out, std::ostream& err)
      : settings_(std::move(settings)), out_(out), err_(err) {}

  const Settings& settings() const { return settings_; }
  std::ostream& out() { return out_; }
  std::ostream& err() { return err_; }
  ApiClient& api();

  /// The subscription given, or a usage error that says how to give one.
  Outcome<std::string> subscription() const;

  void print_list(const json::array& items, const Columns& columns);
  void print_one(const json::value& item, const Columns& columns);
  /// A remark for people; goes to stderr.
  void note(std::string_view text);

 private:
  Settings settings_;
  std::ostream& out_;
  std::ostream& err_;
  std::unique_ptr<ApiClient> api_;
};

/// Parses, runs, reports. `words` without the program's name. `terminal`: `out` is one.
ExitCode run(const std::vector<std::string>& words, const Environment& environment, bool terminal,
             std::ostream& out, std::ostream& err);

}  // namespace peering::cli
