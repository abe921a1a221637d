#include "app/catalog_file.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace peering::app {
namespace {

using testing::HasSubstr;

class CatalogFileTest : public testing::Test {
 protected:
  void write(std::string_view text) const { std::ofstream(path) << text; }

  const std::string path = testing::TempDir() + "catalog_file_test.json";
  Metrics metrics;
  CatalogFile file{metrics};
};

constexpr std::string_view good =
    R"({"countries":[{"name":"Utopia","states":[{"name":"Amaurot"}]}],"providers":[]})";

TEST_F(CatalogFileTest, AnotherFileIsInForceOnceItIsRead) {
  ASSERT_TRUE(file.read(""));
  const api::CatalogPointer before = file.current();
  EXPECT_FALSE(before->has_location("Amaurot"));
  write(good);
  ASSERT_TRUE(file.read(path));
  EXPECT_TRUE(file.current()->has_location("Amaurot"));
  EXPECT_FALSE(before->has_location("Amaurot")) << "who still reads the former one reads all of it";
  EXPECT_THAT(metrics.render(), HasSubstr("peering_catalog_reads_total{result=\"used\"} 2"));
}

TEST_F(CatalogFileTest, ABadFileLeavesTheFormerOneInForceAndSaysWhy) {
  write(good);
  ASSERT_TRUE(file.read(path));
  write(R"({"countries":[{"name":"Utopia","states":[{"name":7}]}],"providers":[]})");
  const auto refused = file.read(path);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("catalogue.countries[0].states[0].name"));
  EXPECT_FALSE(file.read("/nowhere/catalog.json"));
  EXPECT_TRUE(file.current()->has_location("Amaurot"));
  EXPECT_THAT(metrics.render(), HasSubstr("peering_catalog_reads_total{result=\"refused\"} 2"));
}

TEST_F(CatalogFileTest, WhatIsStoredLiesOverEveryFileAndWaitsForOneThatItFits) {
  const auto row = [](std::string kind_and_name, std::optional<std::string> document) {
    return store::Change{"/providers/open.peering/catalog/" + kind_and_name,
                         std::string(api::catalog_entry_type),
                         {},
                         std::move(document)};
  };
  file.follow({row("metros/here", R"({"name":"here","properties":{"name":"Here","country":"UT"}})"),
               row("states/more", R"({"name":"more","properties":{"name":"More","country":"Utopia"}})"),
               row("metros/damaged", "{")});
  ASSERT_TRUE(file.read(""));
  EXPECT_NE(file.current()->find_metro("Here"), nullptr) << "stored entries may come first";
  EXPECT_FALSE(file.current()->has_location("More")) << "this file has no such country";
  EXPECT_THAT(metrics.render(), HasSubstr("peering_catalog_left_out_entries 1"));
  write(good);
  ASSERT_TRUE(file.read(path));
  EXPECT_NE(file.current()->find_metro("Here"), nullptr);
  EXPECT_TRUE(file.current()->has_location("More"));
  EXPECT_THAT(metrics.render(), HasSubstr("peering_catalog_left_out_entries 0"));
  file.follow({row("metros/here", std::nullopt),
               {"/subscriptions/x", "microsoft.resources/subscriptions", {}, "{}"}});
  EXPECT_EQ(file.current()->find_metro("Here"), nullptr);
  EXPECT_THAT(metrics.render(), HasSubstr("peering_catalog_stored_entries 1"));
}

}  // namespace
}  // namespace peering::app
