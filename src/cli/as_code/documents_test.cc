#include "cli/as_code/documents.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/routes.h"
#include "cli/as_code/fields.h"

namespace peering::cli::as_code {
namespace {

constexpr std::string_view subscription = "11111111-1111-1111-1111-111111111111";

class NoSecrets final : public SecretReader {
 public:
  Outcome<std::string> read(const json::value&, const std::string&) const override {
    return usage_error("there are none");
  }
};

ResourceName name_of(std::string_view id) {
  auto name = parse_id(id, subscription);
  EXPECT_TRUE(name) << id;
  return name.value_or(ResourceName{});
}

const std::string service = "resourceGroups/net/providers/Microsoft.Peering/peeringServices/office";

TEST(ResourceNames, EveryKindIsReadBackFromItsId) {
  for (const KindRow& row : kinds()) {
    ResourceName name{row.kind, {}};
    for (std::size_t hole = row.id.find("{}"); hole != std::string_view::npos;
         hole = row.id.find("{}", hole + 1)) {
      name.names.push_back("N" + std::to_string(name.names.size()));
    }
    const ResourceName again = name_of(name.id());
    EXPECT_EQ(again.kind, row.kind);
    EXPECT_EQ(again.names, name.names);
    EXPECT_EQ(name_of(name.path(subscription)).id(), name.id());
    EXPECT_EQ(parse_kind(row.name), row.kind);
  }
}

// Whoever adds a resource that can be written says here, or in kinds.cc, what becomes of it in documents.
TEST(ResourceNames, CoverWhateverCanBeWritten) {
  // The catalogue is no subscription's: `peeringctl catalog export` writes it. Who may do what is given by
  // those who own the scope, not with what it holds. Tags are in the documents of what they are on.
  const std::set<std::string_view> not_covered = {
      "Subscriptions_CreateOrUpdate", "CatalogEntries_CreateOrUpdate",
      "Deployments_CreateOrUpdate",   "Deployments_CreateOrUpdateAtSubscriptionScope",
      "RoleAssignments_Create",       "Tags_CreateOrUpdateAtScope"};
  std::size_t covered = 0;
  for (const api::Route& route : api::routes()) {
    if (route.method != http::Method::put || not_covered.contains(route.operation)) continue;
    std::string id;
    bool in_name = false;
    for (const char c : route.path) {
      if (c == '{') id += "name";
      in_name = c == '{' || (in_name && c != '}');
      if (!in_name && c != '}') id += c;
    }
    EXPECT_TRUE(parse_id(id, "name")) << route.operation << ": " << id;
    ++covered;
  }
  EXPECT_EQ(covered, kinds().size());
}

TEST(ResourceNames, AnotherSubscriptionsIdIsNone) {
  EXPECT_FALSE(parse_id("/subscriptions/22222222-2222-2222-2222-222222222222/" + service, subscription));
  EXPECT_FALSE(parse_id(service + "/prefixes", subscription));
  EXPECT_FALSE(parse_id("", subscription));
}

TEST(ResourceNames, NoNameLeavesTheFolderOrMeetsAnotherFile) {
  EXPECT_EQ(name_of(service + "/prefixes/..").file(),
            "resourceGroups/net/peeringServices/office/prefixes/%2E..json");
  EXPECT_EQ(name_of("resourceGroups/a.json").file(), "resourceGroups/a%2Ejson.json");
}

TEST(Fields, ReadOnlyFieldsAndDefaultsAreLeftOut) {
  const json::value shown =
      *parse_json(R"({"name":"lan","id":"x","type":"t","properties":{"provisioningState":
    "Succeeded","prefixValidationState":"Verified","learnedType":"None","prefix":"203.0.113.0/24"}})");
  EXPECT_EQ(json::serialize(reduce_shown(name_of(service + "/prefixes/lan"), shown, subscription)),
            R"({"properties":{"prefix":"203.0.113.0/24"}})");
  const json::value settings = *parse_json(R"({"properties":{"prefix":"203.0.113.0/24","asn":"any",
    "suggestedAsn":[3333]}})");
  const ResourceName monitoring =
      name_of(service + "/prefixes/lan/providers/Open.Peering/monitoring/default");
  EXPECT_TRUE(reduce_shown(monitoring, settings, subscription).empty());
}

TEST(Fields, AsesThatAConnectionWatchesAreASetting) {
  const ResourceName settings = name_of(service + "/providers/Open.Peering/monitoring/default");
  const json::value shown = *parse_json(R"({"name":"default","properties":{"alerts":{"enabled":false,
    "channels":[],"minimumLevel":"Warning"},"asns":[{"asn":64500,"upstreams":[]}]}})");
  const std::string reduced = R"({"properties":{"asns":[{"asn":64500,"upstreams":[]}]}})";
  EXPECT_EQ(json::serialize(reduce_shown(settings, shown, subscription)), reduced);
  EXPECT_EQ(json::serialize(*reduce_document(settings, *parse_json(reduced), subscription)), reduced);
  const auto wrong =
      reduce_document(settings, *parse_json(R"({"properties":{"asns":[{"asn":"x"}]}})"), subscription);
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error().message, testing::HasSubstr("asns[0].asn"));
}

TEST(Fields, UnknownFieldsOfADocumentAreNamed) {
  const auto reduced = reduce_document(
      name_of(service), *parse_json(R"({"properties":{"peeringServiceProvder":"x"}})"), subscription);
  ASSERT_FALSE(reduced);
  EXPECT_EQ(reduced.error().code, ExitCode::usage);
  EXPECT_THAT(reduced.error().message, testing::HasSubstr("properties.peeringServiceProvder"));
}

TEST(Fields, SpellingsThatMeanTheSameAreNoDifference) {
  const ResourceName group = name_of("resourceGroups/net");
  json::object wanted{{"location", "East US"}}, shown{{"location", "eastus"}};
  ASSERT_TRUE(settle(group, wanted, shown, NoSecrets(), "", false));
  EXPECT_EQ(wanted, shown);
  wanted = {{"location", "westus"}};
  ASSERT_TRUE(settle(group, wanted, shown, NoSecrets(), "", false));
  EXPECT_NE(wanted, shown);
}

TEST(Fields, AddressesThatTheOperatorGivesAreNotTheDocuments) {
  const ResourceName peering = name_of("resourceGroups/net/providers/Microsoft.Peering/peerings/akl1");
  const json::value shown = *parse_json(R"({"properties":{"direct":{"connections":[{"sessionAddressProvider":
    "Microsoft","bgpSession":{"peerSessionIPv4Address":"198.51.100.2","maxPrefixesAdvertisedV4":9}}]}}})");
  EXPECT_EQ(json::serialize(reduce_shown(peering, shown, subscription)),
            R"({"properties":{"direct":{"connections":[{"sessionAddressProvider":"Microsoft","bgpSession":)"
            R"({"maxPrefixesAdvertisedV4":9}}]}}})");
}

}  // namespace
}  // namespace peering::cli::as_code
