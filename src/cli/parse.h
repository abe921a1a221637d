// From words on a command line to a command and its options. The only file behind it that sees the library
// for command lines.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "cli/command.h"

namespace peering::cli {

/// A command to run.
struct Parsed {
  const Command* command = nullptr;
  Call call;  ///< also holds the common options
};
/// Nothing to run: help or the version was asked for (code ok), or the words make no sense (code usage).
struct NothingToRun {
  ExitCode code = ExitCode::ok;
  std::string text;  ///< for stdout when ok, else for stderr
};

/// `words` without the program's name. The result points into `commands`.
std::variant<Parsed, NothingToRun> parse(const std::vector<Command>& commands,
                                         const std::vector<std::string>& words);

/// The reference of every command as Markdown, for docs/cli.md.
std::string reference(const std::vector<Command>& commands);

}  // namespace peering::cli
