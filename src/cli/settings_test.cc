#include "cli/settings.h"

#include <filesystem>
#include <fstream>
#include <map>

#include <gtest/gtest.h>
#include <unistd.h>

namespace peering::cli {
namespace {

Environment with(std::map<std::string, std::string, std::less<>> variables) {
  return [variables = std::move(variables)](std::string_view name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional<std::string>(found->second);
  };
}

Call call_with(std::initializer_list<std::pair<std::string_view, std::string>> options) {
  Call out;
  for (const auto& [key, value] : options) out.add(key, value);
  return out;
}

class SettingsFiles : public ::testing::Test {
 protected:
  SettingsFiles() { std::filesystem::create_directories(folder_ + "/peeringctl"); }
  ~SettingsFiles() override { std::filesystem::remove_all(folder_); }

  Environment with_file(const std::string& text) {
    std::ofstream(folder_ + "/peeringctl/config.toml") << text;
    return with({{"XDG_CONFIG_HOME", folder_}});
  }
  std::string folder_ = ::testing::TempDir() + "settings-" + std::to_string(getpid());
};

TEST(Settings, WithoutAnythingTheServerIsTheLocalOne) {
  const auto settings = load_settings({}, with({}), false);
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->endpoint, "http://127.0.0.1:8470");
  EXPECT_EQ(settings->token, "");
}

TEST(Settings, TablesAreForTerminalsAndJsonForPipes) {
  EXPECT_EQ(load_settings({}, with({}), true)->format, Format::table);
  EXPECT_TRUE(load_settings({}, with({}), true)->colored);
  EXPECT_EQ(load_settings({}, with({}), false)->format, Format::json);
  EXPECT_FALSE(load_settings({}, with({}), false)->format_given);
  EXPECT_EQ(load_settings(call_with({{"output", "tsv"}}), with({}), true)->format, Format::tsv);
  EXPECT_FALSE(load_settings(call_with({{"no-color", "true"}}), with({}), true)->colored);
  EXPECT_FALSE(load_settings({}, with({{"NO_COLOR", "1"}}), true)->colored);
}

TEST_F(SettingsFiles, OptionsComeBeforeTheEnvironmentAndThatBeforeTheFile) {
  const Environment file =
      with_file("endpoint = \"http://file:1\"\nsubscription = \"s-file\"\ntoken = \"t-file\"\n");
  const Environment both = [&](std::string_view name) -> std::optional<std::string> {
    if (name == "PEERING_ENDPOINT") return "http://environment:2/";
    if (name == "PEERING_TOKEN") return "t-environment";
    return file(name);
  };
  const auto settings = load_settings(call_with({{"token", "t-option"}}), both, false);
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->token, "t-option");
  EXPECT_EQ(settings->endpoint, "http://environment:2");
  EXPECT_EQ(settings->subscription, "s-file");
}

TEST_F(SettingsFiles, ReadsTheTokenFromAFile) {
  std::ofstream(folder_ + "/token") << "secret\n";
  EXPECT_EQ(load_settings(call_with({{"token-file", folder_ + "/token"}}), with({}), false)->token, "secret");
  EXPECT_FALSE(load_settings(call_with({{"token-file", folder_ + "/none"}}), with({}), false));
}

TEST_F(SettingsFiles, RefusesUnknownKeysAndBrokenFilesWithTheLine) {
  const auto unknown = load_settings({}, with_file("\nendpont = \"http://x\"\n"), false);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, ExitCode::usage);
  EXPECT_NE(unknown.error().message.find("config.toml:2: unknown key 'endpont'"), std::string::npos);
  EXPECT_FALSE(load_settings({}, with_file("endpoint = "), false));
  EXPECT_FALSE(load_settings({}, with_file("endpoint = 7\n"), false));
}

TEST(Settings, RefusesAnEndpointWithoutAScheme) {
  EXPECT_FALSE(load_settings(call_with({{"endpoint", "example.net"}}), with({}), false));
  EXPECT_FALSE(load_settings(call_with({{"token", "a\nHost: b"}}), with({}), false));
}

}  // namespace
}  // namespace peering::cli
