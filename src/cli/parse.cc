#include "cli/parse.h"

#include <algorithm>
#include <memory>

#include <CLI/CLI.hpp>

namespace peering::cli {

namespace {

// Values as the library fills them in, until they move into a Call.
struct Slot {
  const OptionSpec* spec = nullptr;
  std::vector<std::string> values;
  bool given = false;
  CLI::Option* option = nullptr;
};
using Slots = std::vector<std::unique_ptr<Slot>>;

std::string reject_number(const std::string& text) {
  const bool digits = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
  return digits && text.size() <= 18 ? std::string() : "'" + text + "' is no whole number from 0 on";
}

std::string reject_real(const std::string& text) {
  Call one;
  one.add("value", text);
  const auto value = one.real("value");
  return value && *value > 0 && *value < 1e9 ? std::string() : "'" + text + "' is no number above 0";
}

void add_rules(CLI::Option& option, const OptionSpec& spec) {
  if (spec.kind == OptionKind::number) option.check(CLI::Validator(reject_number, "NUMBER"));
  if (spec.kind == OptionKind::real) option.check(CLI::Validator(reject_real, "NUMBER"));
  if (!spec.choices.empty()) {
    option.check(CLI::IsMember(std::vector<std::string>(spec.choices.begin(), spec.choices.end())));
  }
  if (spec.required) option.required();
}

void add_option(CLI::App& app, const OptionSpec& spec, Slots& slots) {
  slots.push_back(std::make_unique<Slot>());
  Slot& slot = *slots.back();
  slot.spec = &spec;
  const std::string names(spec.names), help(spec.help);
  if (spec.kind == OptionKind::flag) {
    slot.option = app.add_flag(names, slot.given, help);
    return;
  }
  slot.option = app.add_option(names, slot.values, help);
  if (spec.kind != OptionKind::list) {
    slot.option->expected(1)->allow_extra_args(false);
    slot.option->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    slot.option->type_name(spec.kind == OptionKind::text ? "TEXT" : "NUMBER");
  } else {
    slot.option->type_name("TEXT");
  }
  add_rules(*slot.option, spec);
}

void move_into(Call& call, Slots& slots) {
  for (const auto& slot : slots) {
    const std::string_view key = key_of(*slot->spec);
    if (slot->spec->kind == OptionKind::flag) {
      if (slot->given) call.add(key, "true");
      continue;
    }
    for (std::string& value : slot->values) call.add(key, std::move(value));
    if (slot->values.empty() && !slot->spec->fallback.empty()) {
      call.add(key, std::string(slot->spec->fallback));
    }
  }
}

std::string_view group_help(std::string_view word) {
  if (word == "service") return "connections to the service, and their prefixes";
  if (word == "prefix") return "prefixes of a connection";
  if (word == "catalog") return "the operator's catalogue";
  if (word == "location" || word == "country" || word == "provider") return "the catalogue";
  if (word == "asn") return "AS numbers of the subscription";
  if (word == "event") return "what happened to prefixes";
  if (word == "latency") return "round-trip times";
  if (word == "route") return "current routes";
  if (word == "monitoring") return "what is expected and watched";
  if (word == "alert") return "alerts, their channels and the opt-in";
  if (word == "channel") return "where alerts go";
  if (word == "token") return "access tokens";
  if (word == "subscription") return "subscriptions";
  if (word == "group") return "resource groups";
  if (word == "config") return "the server's configuration file";
  if (word == "mrt") return "MRT files";
  if (word == "deployment") return "ARM templates";
  if (word == "operation") return "what a deployment did";
  if (word == "bmp") return "recorded BMP streams";
  return "";
}

CLI::App& child_of(CLI::App& parent, const std::string& word) {
  for (CLI::App* child : parent.get_subcommands([](CLI::App*) { return true; })) {
    if (child->get_name() == word) return *child;
  }
  CLI::App& made = *parent.add_subcommand(word, std::string(group_help(word)));
  made.require_subcommand(1)->fallthrough();
  return made;
}

struct Leaf {
  const Command* command = nullptr;
  CLI::App* app = nullptr;
  Slots slots;
};

std::unique_ptr<Leaf> add_command(CLI::App& root, const Command& command) {
  CLI::App* at = &root;
  std::string_view rest = command.words;
  for (std::size_t blank = rest.find(' '); blank != std::string_view::npos; blank = rest.find(' ')) {
    at = &child_of(*at, std::string(rest.substr(0, blank)));
    rest.remove_prefix(blank + 1);
  }
  auto leaf = std::make_unique<Leaf>();
  leaf->command = &command;
  leaf->app = at->add_subcommand(std::string(rest), std::string(command.help));
  leaf->app->fallthrough();
  for (const OptionSpec& option : command.options) add_option(*leaf->app, option, leaf->slots);
  return leaf;
}

NothingToRun explain(CLI::App& root, const CLI::ParseError& error) {
  std::ostringstream out, err;
  const int code = root.exit(error, out, err);
  if (code == 0) return {ExitCode::ok, out.str()};
  return {ExitCode::usage, err.str()};
}

}  // namespace

std::variant<Parsed, NothingToRun> parse(const std::vector<Command>& commands,
                                         const std::vector<std::string>& words) {
  CLI::App root("Registers connections and prefixes with a peering service, and shows what happens to them.",
                "peeringctl");
  root.require_subcommand(1);
  root.set_version_flag("--version", "peeringctl 0.1.0");
  const std::vector<OptionSpec> common = common_options();
  Slots common_slots;
  for (const OptionSpec& option : common) add_option(root, option, common_slots);
  std::vector<std::unique_ptr<Leaf>> leaves;
  for (const Command& command : commands) leaves.push_back(add_command(root, command));
  try {
    root.parse(std::vector<std::string>(words.rbegin(), words.rend()));
  } catch (const CLI::ParseError& error) {
    return explain(root, error);
  }
  for (const auto& leaf : leaves) {
    if (!leaf->app->parsed()) continue;
    Parsed out{leaf->command, {}};
    move_into(out.call, common_slots);
    move_into(out.call, leaf->slots);
    return out;
  }
  return NothingToRun{ExitCode::usage, root.help()};
}

namespace {

void describe(const OptionSpec& option, std::string& out) {
  out += "- `";
  for (const char c : option.names) {
    if (c == ',') {
      out += "`, `";
    } else {
      out += c;
    }
  }
  out += "`: " + std::string(option.help);
  if (!option.choices.empty()) {
    out += " (one of ";
    for (std::size_t i = 0; i < option.choices.size(); ++i) {
      out += (i == 0 ? "`" : ", `") + std::string(option.choices[i]) + "`";
    }
    out += ")";
  }
  if (option.kind == OptionKind::list) out += "; several values are allowed";
  if (!option.fallback.empty()) out += "; default `" + std::string(option.fallback) + "`";
  if (option.required) out += "; required";
  out += "\n";
}

}  // namespace

std::string reference(const std::vector<Command>& commands) {
  std::string out = "## Options of every command\n\n";
  for (const OptionSpec& option : common_options()) describe(option, out);
  out += "\n## Commands\n";
  for (const Command& command : commands) {
    out += "\n### `peeringctl " + std::string(command.words) + "`\n\n" + std::string(command.help) + "\n";
    if (!command.options.empty()) out += "\n";
    for (const OptionSpec& option : command.options) describe(option, out);
  }
  return out;
}

}  // namespace peering::cli
