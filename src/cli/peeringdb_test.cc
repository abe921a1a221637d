// PeeringDB dumps: a small one of our own, and pages of the real one where they are at hand.
#include "cli/peeringdb.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "cli/peeringdb_import.h"

namespace peering::cli {
namespace {

namespace fs = std::filesystem;

using api::CatalogEntries;
using api::CatalogEntry;
using api::CatalogKind;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

const std::string sample = std::string(PEERING_SOURCE_DIR) + "/src/cli/testdata/peeringdb/";

CatalogEntries built_in() { return *api::load_catalog("")->entries; }

void read_folder(PeeringDbReader& reader, const std::string& folder) {
  for (const auto& file : fs::directory_iterator(folder)) {
    const std::string type = type_of_file_name(file.path().string());
    if (type.empty()) continue;
    const auto done = read_dump(file.path().string(), type, [&](DumpRow& row) { reader.take(row); });
    ASSERT_TRUE(done) << done.error().message;
  }
}

CatalogEntries with(CatalogEntries entries, const ImportPlan& plan) {
  for (const CatalogChange& change : plan.changes) entries.set(change.entry);
  return entries;
}

// What the catalogue's own rules say of it.
std::string mistake_in(const CatalogEntries& entries) {
  const auto read = api::read_catalog(json::value(document_of(entries)));
  return read ? "" : read.error().message;
}

std::vector<std::string> texts(const CatalogEntry* entry, std::string_view key) {
  std::vector<std::string> out;
  if (!entry) return out;
  for (const json::value& each : entry->properties.at(key).as_array()) out.emplace_back(each.as_string());
  return out;
}

std::string text(const CatalogEntry* entry, std::string_view key) {
  return entry ? find_string(json::value(entry->properties), key).value_or("") : "no entry";
}

class Sample : public testing::Test {
 protected:
  void SetUp() override {
    read_folder(reader, sample);
    db = reader.finish();
    plan = plan_import(db, built_in());
    result = with(built_in(), plan);
  }

  PeeringDbReader reader;
  PeeringDb db;
  ImportPlan plan;
  CatalogEntries result;
};

TEST_F(Sample, RowsThatCannotBeUsedAreCountedNamedAndSkipped) {
  EXPECT_EQ(reader.counts().at("fac").rows, 13U);
  EXPECT_EQ(reader.counts().at("fac").inactive, 1U);
  EXPECT_EQ(reader.counts().at("fac").malformed, 3U);
  EXPECT_EQ(reader.counts().at("ix").malformed, 1U);
  EXPECT_EQ(reader.counts().at("ixfac").malformed, 1U);
  EXPECT_EQ(reader.counts().at("ixpfx").malformed, 1U);
  EXPECT_EQ(reader.counts().at("net").malformed, 1U);
  EXPECT_EQ(reader.counts().at("org").malformed, 0U);
  EXPECT_THAT(reader.complaints(),
              Contains("fac 900009: latitude '91.5' is not accepted: degrees from -90 to 90"));
  EXPECT_THAT(reader.complaints(), Contains("fac 900010: name '' is not accepted: it is required"));
  EXPECT_THAT(reader.complaints(), Contains(HasSubstr("fac 900013: country 'Norway'")));
  EXPECT_THAT(reader.complaints(), Contains(HasSubstr("net 700004: asn '4294967296'")));
  EXPECT_THAT(reader.complaints(), Contains(HasSubstr("ix eight: id 'eight'")));
  EXPECT_EQ(db.facilities.size(), 9U);
}

TEST_F(Sample, FacilitiesJoinTheMetroNearThemOrMakeOneOfTheirCity) {
  EXPECT_EQ(mistake_in(result), "");
  const auto metro = [&](std::string_view facility) {
    return text(result.find(CatalogKind::facilities, facility), "metro");
  };
  EXPECT_EQ(metro("Tokyo.fac-900001"), "Tokyo");
  EXPECT_EQ(metro("Tokyo.fac-900002"), "Tokyo") << "Kawasaki is 10 miles from there";
  EXPECT_EQ(metro("Reykjavik.fac-900003"), "Reykjavik");
  EXPECT_EQ(metro("Columbus.fac-900006"), "Columbus");
  EXPECT_EQ(metro("Columbus-GA.fac-900007"), "Columbus, GA") << "another city of the name";
  EXPECT_EQ(metro("Akureyri.fac-900008"), "Akureyri");
  const CatalogEntry* tokyo = result.find(CatalogKind::facilities, "Tokyo.fac-900001");
  EXPECT_EQ(text(tokyo, "address"), "1-2-3 Example, Minato");
  EXPECT_EQ(text(tokyo, "name"), "Sample Tokyo 1");
  EXPECT_EQ(text(tokyo, "city"), "Tokyo");
  EXPECT_EQ(tokyo->properties.at("latitude"), json::value(35.6586));
  EXPECT_EQ(text(result.find(CatalogKind::facilities, "Akureyri.fac-900008"), "address"),
            "Sample without a place on the map");
  EXPECT_EQ(result.find(CatalogKind::metros, "Kopavogur"), nullptr);
  EXPECT_EQ(result.find(CatalogKind::metros, "Oslo"), nullptr) << "nobody is there";
}

TEST_F(Sample, NetworksAreProvidersWhereTheyAre) {
  const CatalogEntry* north = result.find_called(CatalogKind::providers, "Sample Northern Networks");
  EXPECT_THAT(texts(north, "metros"), ElementsAre("Akureyri", "Columbus, GA", "Reykjavik"));
  EXPECT_EQ(north->properties.at("asns"), json::value(json::array{3333}));
  // At the exchange that is in two metros it is in that of the exchange's city.
  const CatalogEntry* pacific = result.find_called(CatalogKind::providers, "Sample Pacific");
  EXPECT_THAT(texts(pacific, "metros"), ElementsAre("Columbus", "Tokyo"));
  EXPECT_EQ(result.find_called(CatalogKind::providers, "Sample that is nowhere"), nullptr);
  EXPECT_EQ(plan.unplaced_networks, 1U);
  EXPECT_EQ(plan.unplaced_exchanges, 1U);
}

TEST_F(Sample, ExchangesAreInEveryMetroWhereTheyHaveABuilding) {
  const CatalogEntry* north = result.find(CatalogKind::exchanges, "Reykjavik.ix-800001");
  EXPECT_EQ(text(north, "exchangeName"), "SAMPLE-IX Reykjavik");
  EXPECT_EQ(text(north, "facilityIPv4Prefix"), "198.51.100.0/25");
  EXPECT_EQ(text(north, "facilityIPv6Prefix"), "2001:db8:100::/64");
  EXPECT_NE(result.find(CatalogKind::exchanges, "Tokyo.ix-800003"), nullptr);
  EXPECT_NE(result.find(CatalogKind::exchanges, "Columbus.ix-800003"), nullptr);
  EXPECT_NE(result.find(CatalogKind::exchanges, "Tokyo.ix-800002"), nullptr) << "of its city";
}

TEST_F(Sample, ASecondImportChangesNothing) {
  EXPECT_FALSE(plan.changes.empty());
  EXPECT_TRUE(plan_import(db, result).changes.empty());
  // Nor over what a file keeps of it, whose names are made anew.
  const auto again = api::parse_catalog(pretty(json::value(document_of(result))));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_TRUE(plan_import(db, *again->entries).changes.empty());
}

TEST_F(Sample, WhatTheOperatorSetStays) {
  CatalogEntry facility = *result.find(CatalogKind::facilities, "Tokyo.fac-900001");
  facility.properties["address"] = "behind the station";
  facility.properties["name"] = "an old name";
  facility.properties["metro"] = "Osaka";
  result.set(facility);
  CatalogEntry provider = *result.find_called(CatalogKind::providers, "Sample Pacific");
  provider.properties["name"] = "Pacific by another name";
  provider.properties["metros"] = json::array{"Osaka"};
  result.set(provider);
  const CatalogEntries again = with(result, plan_import(db, result));
  const CatalogEntry* after = again.find(CatalogKind::facilities, "Tokyo.fac-900001");
  EXPECT_EQ(text(after, "address"), "behind the station");
  EXPECT_EQ(text(after, "metro"), "Osaka");
  EXPECT_EQ(text(after, "name"), "Sample Tokyo 1");
  EXPECT_EQ(again.find_called(CatalogKind::providers, "Sample Pacific"), nullptr);
  EXPECT_THAT(texts(again.find(CatalogKind::providers, provider.name), "metros"),
              ElementsAre("Osaka", "Columbus", "Tokyo"));
}

TEST(PeeringDbDump, OnlyTheNetworksAskedForAndWhereTheyAre) {
  PeeringDbReader reader({3334});
  read_folder(reader, sample);
  const PeeringDb db = reader.finish();
  EXPECT_EQ(db.networks.size(), 1U);
  const CatalogEntries result = with(built_in(), plan_import(db, built_in()));
  EXPECT_EQ(result.find(CatalogKind::metros, "Reykjavik"), nullptr);
  EXPECT_EQ(result.find_called(CatalogKind::providers, "Sample Northern Networks"), nullptr);
  EXPECT_NE(result.find(CatalogKind::facilities, "Columbus.fac-900006"), nullptr);
}

class DumpOfPeeringDb : public testing::Test {
 protected:
  ~DumpOfPeeringDb() override { fs::remove(path); }
  std::vector<DumpRow> rows_of(std::string_view content, const std::string& type = "") {
    std::ofstream(path, std::ios::binary) << content;
    std::vector<DumpRow> out;
    const auto done = read_dump(path, type, [&](DumpRow& row) { out.push_back(row); });
    error = done ? "" : done.error().message;
    return out;
  }

  const std::string path = testing::TempDir() + "peeringdb-" + std::to_string(::getpid()) + ".json";
  std::string error;
};

TEST_F(DumpOfPeeringDb, AllTypesInOneFileOrListsAlone) {
  const auto types_of = [&](std::string_view content, const std::string& type) {
    std::string out;
    for (const DumpRow& row : rows_of(content, type)) {
      out += row.type + json::serialize(*row.member("id")) + " ";
    }
    EXPECT_EQ(error, "");
    return out;
  };
  EXPECT_EQ(
      types_of(R"({"fac":{"data":[{"id":1}]},"poc":{"data":[{"id":2}]},"net":{"data":[{"id":3}]}})", ""),
      "fac1 net3 ");
  EXPECT_EQ(types_of(R"({"fac":[{"id":1}],"net":[{"id":3}]})", ""), "fac1 net3 ");
  EXPECT_EQ(types_of(R"({"meta":{"generated":1},"data":[{"id":1},{"id":2}]})", "ix"), "ix1 ix2 ");
  EXPECT_EQ(types_of(R"([{"id":1}])", "ix"), "ix1 ");
  EXPECT_EQ(types_of(R"({"data":[{"id":1,"fac_set":[{"id":7}],"deep":{"id":8}}]})", "net"), "net1 ");
}

TEST_F(DumpOfPeeringDb, ValuesLargerThanAPieceAreReadWhole) {
  const std::string notes(200'000, 'n');
  const std::string content =
      fmt::format(R"({{"data":[{{"id":1,"notes":"{0}","name":"after"}},{{"id":2,"name":"x"}}]}})", notes);
  const auto rows = rows_of(content, "net");
  ASSERT_EQ(rows.size(), 2U) << error;
  EXPECT_EQ(*rows[0].member("name"), "after");
  EXPECT_EQ(rows[0].member("notes"), nullptr);
}

TEST_F(DumpOfPeeringDb, WhatIsNoJsonIsToldWithItsPlace) {
  EXPECT_EQ(rows_of(R"({"data":[{"id":1},{"id":2]})", "fac").size(), 1U);
  EXPECT_THAT(error, HasSubstr("at byte 25"));
  rows_of(R"({"data":[{"id":1}])", "fac");
  EXPECT_THAT(error, HasSubstr("is no JSON"));
  rows_of(R"({"data":[]} more)", "fac");
  EXPECT_THAT(error, HasSubstr("something follows the value at byte 12"));
  rows_of("", "fac");
  EXPECT_THAT(error, HasSubstr("is no JSON"));
  EXPECT_FALSE(read_dump("/nowhere/fac.json", "fac", [](DumpRow&) {}));
}

TEST(PeeringDbDump, TypesAreKnownByTheNamesOfFiles) {
  EXPECT_EQ(type_of_file_name("/data/fac-page-1.json.xz"), "fac");
  EXPECT_EQ(type_of_file_name("netixlan.json"), "netixlan");
  EXPECT_EQ(type_of_file_name("peeringdb_2_dump_2021_01_01.json"), "");
  EXPECT_EQ(type_of_file_name("facts.json"), "");
}

TEST(PeeringDbPages, OfTheRealOneAreImportedOnceAndForAll) {
  const char* shared = std::getenv("PEERING_SHARED");
  const fs::path folder =
      (shared ? fs::path(shared) : fs::path(PEERING_SOURCE_DIR).parent_path() / "shared") / "data/peeringdb";
  if (!fs::exists(folder)) GTEST_SKIP() << "skipped: no shared data";
  PeeringDbReader reader;
  read_folder(reader, folder.string());
  EXPECT_EQ(reader.counts().at("fac").rows, 250U);
  EXPECT_EQ(reader.counts().at("netixlan").rows, 250U);
  EXPECT_THAT(reader.complaints(), testing::IsEmpty());
  const PeeringDb db = reader.finish();
  const ImportPlan plan = plan_import(db, built_in());
  const CatalogEntries result = with(built_in(), plan);
  EXPECT_EQ(mistake_in(result), "");
  EXPECT_GT(plan.changes.size(), 50U);
  EXPECT_TRUE(plan_import(db, result).changes.empty());
  // AS20940 is in the building where this catalogue has been from the start.
  const CatalogEntry* ashburn = result.find(CatalogKind::facilities, "Ashburn.fac-1");
  EXPECT_EQ(text(ashburn, "address"), "21715 Filigree Ct");
  EXPECT_EQ(text(ashburn, "name"), "Equinix DC1-DC15,DC21-DC22 - Ashburn");
  const auto providers = result.of_kind(CatalogKind::providers);
  const auto akamai = std::ranges::find_if(providers, [](const CatalogEntry* each) {
    const json::value* asns = each->properties.if_contains("asns");
    return asns && *asns == json::value(json::array{20940});
  });
  ASSERT_NE(akamai, providers.end());
  EXPECT_THAT(texts(*akamai, "metros"), Contains("Ashburn"));
}

}  // namespace
}  // namespace peering::cli
