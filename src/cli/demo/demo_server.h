// The server of the demo: started, waited for, ended.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "cli/child_process.h"
#include "cli/failure.h"

namespace peering::cli::demo {

/// "ready http=127.0.0.1:8470 bmp=…" as names and addresses; nothing when the line is another.
std::optional<std::map<std::string, std::string>> parse_ready_line(std::string_view line);

struct DemoServerOptions {
  std::string program;
  std::string data_dir;
  bool free_ports = false;  ///< port 0 for every listener, instead of the defaults
};

/// A running server. Destroying it ends the process.
class DemoServer {
 public:
  /// Starts it and waits for its ready line, at most 30 s. A failure shows the end of its log.
  static Outcome<DemoServer> start(const DemoServerOptions& options);

  std::string endpoint() const { return "http://" + addresses_.at("http"); }
  const std::string& bmp() const { return addresses_.at("bmp"); }
  const std::string& token() const { return token_; }
  const std::string& token_file() const { return token_file_; }
  /// The end of what it has logged.
  std::string log_tail() const;
  bool running() { return !process_.wait(std::chrono::milliseconds(0)); }

 private:
  DemoServer(ChildProcess process, std::string log_file)
      : process_(std::move(process)), log_file_(std::move(log_file)) {}

  ChildProcess process_;
  std::string log_file_, token_, token_file_;
  std::map<std::string, std::string> addresses_;
};

}  // namespace peering::cli::demo
