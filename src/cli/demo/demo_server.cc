#include "cli/demo/demo_server.h"

#include "cli/read_file.h"

namespace peering::cli::demo {

namespace {

constexpr std::chrono::seconds start_patience{30};
constexpr std::size_t log_tail_bytes = 2000;

std::vector<std::string> command_of(const DemoServerOptions& options) {
  std::vector<std::string> out = {options.program, "--data-dir", options.data_dir};
  if (options.free_ports) {
    for (const char* listener : {"--listen", "--listen-tls", "--bmp"}) {
      out.emplace_back(listener);
      out.emplace_back("127.0.0.1:0");
    }
  }
  return out;
}

}  // namespace

std::optional<std::map<std::string, std::string>> parse_ready_line(std::string_view line) {
  constexpr std::string_view word = "ready ";
  if (line.substr(0, word.size()) != word) return std::nullopt;
  std::map<std::string, std::string> out;
  for (line.remove_prefix(word.size()); !line.empty();) {
    const std::string_view part = line.substr(0, line.find(' '));
    line.remove_prefix(std::min(line.size(), part.size() + 1));
    const std::size_t equals = part.find('=');
    if (equals != std::string_view::npos) out.emplace(part.substr(0, equals), part.substr(equals + 1));
  }
  return out;
}

std::string DemoServer::log_tail() const {
  const auto log = read_file(log_file_);
  if (!log) return {};
  return log->size() > log_tail_bytes ? log->substr(log->size() - log_tail_bytes) : *log;
}

Outcome<DemoServer> DemoServer::start(const DemoServerOptions& options) {
  const std::string log_file = options.data_dir + "/peeringd.log";
  auto process = ChildProcess::start(command_of(options), {true, log_file});
  if (!process) return failure_of(process.error());
  DemoServer out(std::move(*process), log_file);
  const auto deadline = std::chrono::steady_clock::now() + start_patience;
  while (out.addresses_.empty()) {
    const auto line = out.process_.read_line(deadline);
    if (!line) return failed("{} did not become ready\n{}", options.program, out.log_tail());
    if (auto addresses = parse_ready_line(*line)) out.addresses_ = std::move(*addresses);
  }
  if (out.addresses_.count("http") == 0 || out.addresses_.count("bmp") == 0) {
    return failed("{} has no HTTP or no BMP listener", options.program);
  }
  out.token_file_ = options.data_dir + "/admin.token";
  auto token = read_file(out.token_file_, 4096);
  if (!token) return tl::unexpected(token.error());
  while (!token->empty() && token->back() == '\n') token->pop_back();
  out.token_ = std::move(*token);
  return out;
}

}  // namespace peering::cli::demo
