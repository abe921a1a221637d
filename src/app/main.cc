// peeringd: command line, signals, exit codes.
#include <csignal>
#include <iostream>

#include <CLI/CLI.hpp>

#include "app/app.h"
#include "app/core_dumps.h"
#include "base/log.h"

namespace {

using peering::Error;
using peering::app::Configuration;

constexpr int exit_runtime = 1;
constexpr int exit_configuration = 2;
constexpr const char* version = "0.1.0";

struct Options {
  std::string config, data_dir;
  std::optional<std::string> listen, listen_tls, bmp;
  bool check = false, print_config = false, print_reference = false;
};

int refuse(const Error& error, int code) {
  std::cerr << "peeringd: " << error.message << "\n";
  return code;
}

peering::Result<Configuration> configuration_of(const Options& options) {
  Configuration out;
  if (!options.config.empty()) {
    auto read = peering::app::read_configuration(options.config);
    if (!read) return read;
    out = std::move(*read);
  }
  if (!options.data_dir.empty()) out.data_dir = options.data_dir;
  if (options.listen) out.http.listen = *options.listen;
  if (options.listen_tls) out.http.listen_tls = *options.listen_tls;
  if (options.bmp) out.feeds.bmp_listen = *options.bmp;
  if (out.data_dir.empty()) out.data_dir = peering::app::default_data_dir().string();
  return out;
}

std::string ready_line(const peering::app::Listening& listening) {
  std::string line = "ready";
  if (listening.http) line += " http=" + listening.http->to_string();
  if (listening.https) line += " https=" + listening.https->to_string();
  if (listening.bmp) line += " bmp=" + listening.bmp->to_string();
  if (listening.bgp) line += " bgp=" + listening.bgp->to_string();
  if (listening.syslog) line += " syslog=" + listening.syslog->to_string();
  if (listening.stamp) line += " stamp=" + listening.stamp->to_string();
  return line;
}

// Every signal is taken here, in one thread; the others never see one.
sigset_t block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return signals;
}

// A file that would not be accepted changes nothing.
void reload(const Options& options, peering::app::App& app) {
  const auto read = configuration_of(options);
  if (!read) {
    peering::log::error("SIGHUP: {}; the configuration in force stays", read.error().message);
    return;
  }
  app.reload(*read);
}

int run(const Options& options, Configuration configuration) {
  const sigset_t signals = block_signals();
  if (!peering::app::keep_memory_off_the_disk()) {
    peering::log::warning("a core dump of this process would hold its memory, client addresses among it");
  }
  peering::app::App app(std::move(configuration));
  const auto listening = app.start();
  if (!listening) {
    const bool bad = listening.error().code == peering::ErrorCode::invalid_argument;
    return refuse(listening.error(), bad ? exit_configuration : exit_runtime);
  }
  std::cout << ready_line(*listening) << std::endl;
  int signal = 0;
  while (sigwait(&signals, &signal) == 0 && signal == SIGHUP) reload(options, app);
  app.stop();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App cli("peeringd: the open Peering Service");
  cli.set_version_flag("--version", version);
  cli.add_option("--config", options.config, "TOML file (docs/configuration.md)");
  cli.add_option("--data-dir", options.data_dir, "folder of all state");
  cli.add_option("--listen", options.listen, "HTTP, HOST:PORT (port 0: any; empty: off)");
  cli.add_option("--listen-tls", options.listen_tls, "HTTPS, HOST:PORT");
  cli.add_option("--bmp", options.bmp, "BMP station, HOST:PORT");
  cli.add_flag("--check", options.check, "check the configuration and exit");
  cli.add_flag("--print-config", options.print_config, "print the configuration in force and exit");
  cli.add_flag("--print-reference", options.print_reference, "print docs/configuration.md and exit");
  try {
    cli.parse(argc, argv);
  } catch (const CLI::ParseError& failure) {
    return cli.exit(failure) == 0 ? 0 : exit_configuration;
  }
  if (options.print_reference) {
    std::cout << peering::app::configuration_reference();
    return 0;
  }
  auto configuration = configuration_of(options);
  if (!configuration) return refuse(configuration.error(), exit_configuration);
  if (options.print_config) {
    std::cout << peering::app::print_configuration(*configuration);
    return 0;
  }
  if (const auto good = peering::app::check(*configuration); !good) {
    return refuse(good.error(), exit_configuration);
  }
  if (options.check) {
    std::cout << "the configuration is valid\n";
    return 0;
  }
  return run(options, std::move(*configuration));
}
