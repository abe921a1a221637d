#include "cli/parse.h"

#include <fstream>
#include <iterator>
#include <set>

#include <gtest/gtest.h>

#include "cli/session.h"

namespace peering::cli {
namespace {

Outcome<void> nothing(Session&, const Call&) { return {}; }

std::vector<Command> small_table() {
  return {
      {"thing create",
       "Make a thing.",
       {{"--name,-n,--thing-name", "name", OptionKind::text, true},
        {"--tags", "tags", OptionKind::list},
        {"--count", "how many", OptionKind::number, false, "3"},
        {"--speed", "how fast", OptionKind::real},
        {.names = "--kind", .help = "which", .choices = {"a", "b"}},
        {"--force", "at once", OptionKind::flag}},
       nothing},
      {"thing part list", "List parts.", {{"file", "a file", OptionKind::text, true}}, nothing},
  };
}

const Parsed& parsed(const std::variant<Parsed, NothingToRun>& result) { return std::get<Parsed>(result); }

ExitCode code_of(const std::vector<std::string>& words) {
  const std::vector<Command> table = small_table();
  const auto result = parse(table, words);
  const auto* nothing_to_run = std::get_if<NothingToRun>(&result);
  return nothing_to_run ? nothing_to_run->code : ExitCode::ok;
}

TEST(Parse, FindsTheCommandAndEveryKindOfOption) {
  const std::vector<Command> table = small_table();
  const auto result = parse(table, {"thing", "create", "-n", "x", "--tags", "a=1", "b=2", "--speed", "2.5",
                                    "--kind", "b", "--force"});
  ASSERT_TRUE(std::holds_alternative<Parsed>(result)) << std::get<NothingToRun>(result).text;
  const Call& call = parsed(result).call;
  EXPECT_EQ(parsed(result).command, &table[0]);
  EXPECT_EQ(call.value("name"), "x");
  EXPECT_EQ(call.list("tags"), (std::vector<std::string>{"a=1", "b=2"}));
  EXPECT_EQ(call.number("count"), 3U);
  EXPECT_EQ(call.real("speed"), 2.5);
  EXPECT_EQ(call.value("kind"), "b");
  EXPECT_TRUE(call.has("force"));
}

TEST(Parse, EverySpellingOfAnOptionIsTheSame) {
  const std::vector<Command> table = small_table();
  for (const char* name : {"-n", "--name", "--thing-name"}) {
    const auto result = parse(table, {"thing", "create", name, "x"});
    ASSERT_TRUE(std::holds_alternative<Parsed>(result)) << name;
    EXPECT_EQ(parsed(result).call.value("name"), "x");
    EXPECT_FALSE(parsed(result).call.has("force"));
  }
}

TEST(Parse, CommonOptionsStandAnywhere) {
  const std::vector<Command> table = small_table();
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"-o", "json", "thing", "part", "list", "f"},
        std::vector<std::string>{"thing", "part", "list", "f", "-o", "json"},
        std::vector<std::string>{"thing", "part", "list", "-o", "json", "f"}}) {
    const auto result = parse(table, words);
    ASSERT_TRUE(std::holds_alternative<Parsed>(result)) << std::get<NothingToRun>(result).text;
    EXPECT_EQ(parsed(result).call.value("output"), "json");
    EXPECT_EQ(parsed(result).call.value("file"), "f");
  }
}

TEST(Parse, RefusesWhatItDoesNotKnow) {
  EXPECT_EQ(code_of({}), ExitCode::usage);
  EXPECT_EQ(code_of({"thing"}), ExitCode::usage);
  EXPECT_EQ(code_of({"no-such-noun"}), ExitCode::usage);
  EXPECT_EQ(code_of({"thing", "create"}), ExitCode::usage) << "the name is required";
  EXPECT_EQ(code_of({"thing", "create", "-n", "x", "--color", "red"}), ExitCode::usage);
  EXPECT_EQ(code_of({"thing", "create", "-n", "x", "--count", "-1"}), ExitCode::usage);
  EXPECT_EQ(code_of({"thing", "create", "-n", "x", "--count", "many"}), ExitCode::usage);
  EXPECT_EQ(code_of({"thing", "create", "-n", "x", "--speed", "0"}), ExitCode::usage);
  EXPECT_EQ(code_of({"thing", "create", "-n", "x", "--kind", "c"}), ExitCode::usage);
  EXPECT_EQ(code_of({"thing", "create", "-n", "x", "-o", "xml"}), ExitCode::usage);
}

TEST(Parse, HelpAndVersionAreNoFailures) {
  const std::vector<Command> table = small_table();
  const auto help = parse(table, {"thing", "create", "--help"});
  ASSERT_TRUE(std::holds_alternative<NothingToRun>(help));
  EXPECT_EQ(std::get<NothingToRun>(help).code, ExitCode::ok);
  EXPECT_NE(std::get<NothingToRun>(help).text.find("--thing-name"), std::string::npos);
  EXPECT_EQ(code_of({"--version"}), ExitCode::ok);
}

TEST(CommandTable, EveryCommandCanBeRunAndExplained) {
  const std::vector<Command> commands = all_commands();
  std::set<std::string_view> words;
  for (const Command& command : commands) {
    EXPECT_NE(command.run, nullptr) << command.words;
    EXPECT_FALSE(command.help.empty()) << command.words;
    EXPECT_TRUE(words.insert(command.words).second) << command.words << " is there twice";
    std::vector<std::string> line;
    for (std::string_view rest = command.words; !rest.empty();) {
      line.emplace_back(rest.substr(0, rest.find(' ')));
      rest.remove_prefix(std::min(rest.size(), line.back().size() + 1));
    }
    line.emplace_back("--help");
    const auto help = parse(commands, line);
    ASSERT_TRUE(std::holds_alternative<NothingToRun>(help)) << command.words;
    EXPECT_EQ(std::get<NothingToRun>(help).code, ExitCode::ok) << command.words;
  }
}

TEST(CommandTable, HasEveryPromisedNounAndVerb) {
  std::set<std::string_view> words;
  const std::vector<Command> commands = all_commands();
  for (const Command& command : commands) words.insert(command.words);
  for (const std::string_view promised : {"service create",
                                          "service show",
                                          "service list",
                                          "service update",
                                          "service delete",
                                          "service prefix create",
                                          "service prefix show",
                                          "service prefix list",
                                          "service prefix delete",
                                          "service location list",
                                          "service country list",
                                          "service provider list",
                                          "asn create",
                                          "asn show",
                                          "asn list",
                                          "asn delete",
                                          "event list",
                                          "event follow",
                                          "incident list",
                                          "incident show",
                                          "latency report",
                                          "latency import",
                                          "route show",
                                          "monitoring show",
                                          "monitoring set",
                                          "monitoring asn set",
                                          "monitoring asn delete",
                                          "monitoring asn list",
                                          "alert list",
                                          "alert enable",
                                          "alert disable",
                                          "alert channel create",
                                          "alert channel list",
                                          "asn approve",
                                          "asn reject",
                                          "peering create",
                                          "peering show",
                                          "peering list",
                                          "peering update",
                                          "peering delete",
                                          "peering approve",
                                          "peering reject",
                                          "received-route list",
                                          "alert channel delete",
                                          "alert channel test",
                                          "silence create",
                                          "silence list",
                                          "silence show",
                                          "silence expire",
                                          "silence delete",
                                          "token create",
                                          "token list",
                                          "token delete",
                                          "subscription create",
                                          "subscription list",
                                          "group create",
                                          "group list",
                                          "group delete",
                                          "group export",
                                          "export",
                                          "apply",
                                          "deployment create",
                                          "deployment show",
                                          "deployment list",
                                          "deployment validate",
                                          "deployment what-if",
                                          "deployment export",
                                          "config check",
                                          "analyze",
                                          "mrt dump",
                                          "bmp dump",
                                          "simulate",
                                          "status",
                                          "demo"}) {
    EXPECT_EQ(words.count(promised), 1U) << promised;
  }
}

TEST(CommandTable, TheReferenceInTheDocumentationIsTheTable) {
  std::ifstream in(PEERING_SOURCE_DIR "/docs/cli.md");
  const std::string page{std::istreambuf_iterator<char>(in), {}};
  const std::size_t at = page.find("## Options of every command");
  ASSERT_NE(at, std::string::npos);
  EXPECT_EQ(page.substr(at), reference(all_commands())) << "`peeringctl reference` prints what belongs there";
}

}  // namespace
}  // namespace peering::cli
