// peeringctl: see docs/cli.md.
#include <csignal>
#include <iostream>

#include <unistd.h>

#include "cli/session.h"

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  const std::vector<std::string> words(argv + 1, argv + argc);
  const bool terminal = isatty(STDOUT_FILENO) == 1;
  return static_cast<int>(
      peering::cli::run(words, peering::cli::process_environment(), terminal, std::cout, std::cerr));
}
