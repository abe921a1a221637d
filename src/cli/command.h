// What `peeringctl` can do, as data: one table row a command. The parser is built from the table, and so is
// the reference in docs/cli.md, so that neither can forget a command or an option.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/failure.h"

namespace peering::cli {

class Session;

enum class OptionKind : std::uint8_t {
  text,    ///< one value
  number,  ///< one whole number, 0 or more
  real,    ///< one number above 0
  flag,    ///< present or not
  list,    ///< one or more values, may be repeated
};

/// An option or, when the name has no dash, a positional argument.
struct OptionSpec {
  /// Comma-separated spellings, the first long one is the key: "--name,-n". Positional: "file".
  std::string_view names;
  std::string_view help;
  OptionKind kind = OptionKind::text;
  bool required = false;
  std::string_view fallback{};                 ///< value when absent; empty: none
  std::vector<std::string_view> choices = {};  ///< allowed values; empty: any
};

/// "--name,-n" gives "name", "file" gives "file".
std::string_view key_of(const OptionSpec& option);

/// The options a person gave, checked against the command's rows.
class Call {
 public:
  void add(std::string_view key, std::string value) { values_[std::string(key)].push_back(std::move(value)); }

  bool has(std::string_view key) const { return values_.find(key) != values_.end(); }
  /// The (last) value, or nothing.
  std::optional<std::string> text(std::string_view key) const;
  /// The value, or an empty text: for required options and those with a fallback.
  std::string value(std::string_view key) const { return text(key).value_or(""); }
  /// Every value in order.
  std::vector<std::string> list(std::string_view key) const;
  /// The parser has checked that it is a number in range.
  std::optional<std::uint64_t> number(std::string_view key) const;
  std::optional<double> real(std::string_view key) const;

 private:
  std::map<std::string, std::vector<std::string>, std::less<>> values_;
};

/// Does the work. Blocks; writes results to the session's output.
using CommandHandler = Outcome<void> (*)(Session& session, const Call& call);

struct Command {
  std::string_view words;  ///< "service prefix create"
  std::string_view help;   ///< one line
  std::vector<OptionSpec> options;
  CommandHandler run = nullptr;
};

/// Every command, in the order in which help shows them.
std::vector<Command> all_commands();
/// Options that every command takes.
std::vector<OptionSpec> common_options();

}  // namespace peering::cli
