#include "api/what_if.h"

#include <gtest/gtest.h>

namespace peering::api {
namespace {

json::object change(std::string_view before, std::string_view after) {
  return what_if_change("id", json::parse(before), json::parse(after), true);
}

TEST(WhatIf, WhatIsObservedMeanwhileIsNoChange) {
  const json::object prefix = change(
      R"({"properties":{"prefix":"192.0.2.0/24","prefixValidationState":"Pending","learnedType":"None"}})",
      R"({"properties":{"prefix":"192.0.2.0/24","prefixValidationState":"Failed","learnedType":"ViaSession",
          "errorMessage":"no route"}})");
  EXPECT_EQ(prefix.at("changeType"), "NoChange");
  EXPECT_EQ(prefix.at("before").at("properties").at("prefixValidationState"), "Pending");
  EXPECT_EQ(prefix.at("after").at("properties").at("prefixValidationState"), "Failed");

  const json::object peering = change(
      R"({"properties":{"direct":{"connections":[{"bgpSession":{"sessionStateV4":"Active"}}]}}})",
      R"({"properties":{"direct":{"connections":[{"bgpSession":{"sessionStateV4":"Established"}}]}}})");
  EXPECT_EQ(peering.at("changeType"), "NoChange");
}

TEST(WhatIf, WhatTheTemplateSaysIsAChangeAndAloneInTheDelta) {
  const json::object told =
      change(R"({"properties":{"destination":"192.0.2.1","isTestSuccessful":false,"path":[]}})",
             R"({"properties":{"destination":"192.0.2.2","isTestSuccessful":true,"path":["192.0.2.9"]}})");
  EXPECT_EQ(told.at("changeType"), "Modify");
  ASSERT_EQ(told.at("delta").as_array().size(), 1U);
  EXPECT_EQ(told.at("delta").at(0).at("path"), "properties.destination");
}

TEST(WhatIf, ThePathOfMonitoringSettingsIsDeployed) {
  EXPECT_EQ(change(R"({"properties":{"path":[]}})", R"({"properties":{"path":[{"maxLength":4}]}})")
                .at("changeType"),
            "Modify");
}

}  // namespace
}  // namespace peering::api
