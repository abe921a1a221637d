// The table of routes and api/openapi.json say the same, both ways.
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/arm/resource_id.h"
#include "api/embedded.h"
#include "api/routes.h"
#include "base/json.h"
#include "model/registry.h"

namespace peering::api {
namespace {

std::string row(std::string_view method, std::string_view path, std::string_view operation) {
  return fmt::format("{} {} {}", model::lower(method), path, operation);
}

std::set<std::string> rows_of_table() {
  std::set<std::string> out;
  for (const Route& route : routes()) {
    out.insert(row(http::to_string(route.method), route.path, route.operation));
  }
  return out;
}

TEST(RouteTable, AgreesWithTheContractBothWays) {
  const auto document = parse_json(embedded_openapi());
  ASSERT_TRUE(document) << document.error().message;
  std::set<std::string> rows;
  for (const auto& path : document->at("paths").as_object()) {
    for (const auto& method : path.value().as_object()) {
      rows.insert(row(method.key(), path.key(), std::string(method.value().at("operationId").as_string())));
    }
  }
  EXPECT_EQ(rows, rows_of_table());
}

TEST(RouteTable, TheContractNamesEveryPathParameterAndOnlyKnownSchemas) {
  const auto document = parse_json(embedded_openapi());
  ASSERT_TRUE(document);
  const auto& schemas = document->at("components").at("schemas").as_object();
  for (const auto& path : document->at("paths").as_object()) {
    for (const auto& method : path.value().as_object()) {
      std::set<std::string> named;
      if (const json::value* parameters = find(method.value(), "parameters")) {
        for (const json::value& parameter : parameters->as_array()) {
          if (find_string(parameter, "in") == "path") named.insert(*find_string(parameter, "name"));
        }
      }
      std::set<std::string> used;
      const std::string text(path.key());
      for (std::size_t at = text.find('{'); at != std::string::npos; at = text.find('{', at + 1)) {
        used.insert(text.substr(at + 1, text.find('}', at) - at - 1));
      }
      EXPECT_EQ(named, used) << text;
    }
  }
  const std::string text(embedded_openapi());
  constexpr std::string_view reference = "\"#/components/schemas/";
  for (std::size_t at = text.find(reference); at != std::string::npos; at = text.find(reference, at + 1)) {
    const std::size_t start = at + reference.size();
    const std::string name = text.substr(start, text.find('"', start) - start);
    EXPECT_TRUE(schemas.contains(name)) << name;
  }
}

TEST(RouteTable, OperationsAreUniqueAndPathsAreNotAmbiguous) {
  std::set<std::string> operations, shapes;
  for (const Route& route : routes()) {
    EXPECT_TRUE(operations.insert(std::string(route.operation)).second) << route.operation;
    std::string shape(http::to_string(route.method));
    bool in_braces = false;
    for (const char c : model::lower(route.path)) {
      in_braces = c == '{' || (in_braces && c != '}');
      if (!in_braces) shape += c;
    }
    EXPECT_TRUE(shapes.insert(shape).second) << route.path;
  }
}

TEST(RouteTable, PathsMatchWithoutCaseAndParametersKeepTheirs) {
  const auto match = match_route(http::Method::get, *arm::split_path("/SUBSCRIPTIONS/s/resourcegroups/Rg1"));
  ASSERT_NE(match.route, nullptr);
  EXPECT_EQ(match.route->operation, "ResourceGroups_Get");
  EXPECT_EQ(match.parameters.at("resourceGroupName"), "Rg1");
}

TEST(RouteTable, HeadStandsInForGetUnlessItHasItsOwnRow) {
  EXPECT_EQ(match_route(http::Method::head, *arm::split_path("/subscriptions/s")).route->operation,
            "Subscriptions_Get");
  EXPECT_EQ(
      match_route(http::Method::head, *arm::split_path("/subscriptions/s/resourceGroups/g")).route->operation,
      "ResourceGroups_CheckExistence");
}

TEST(RouteTable, KnownPathsNameTheMethodsThatAreAllowed) {
  const auto match = match_route(http::Method::post, *arm::split_path("/subscriptions/s"));
  EXPECT_EQ(match.route, nullptr);
  EXPECT_THAT(match.allowed, testing::ElementsAre(http::Method::get, http::Method::put));
  EXPECT_TRUE(match_route(http::Method::get, *arm::split_path("/nothing")).allowed.empty());
}

}  // namespace
}  // namespace peering::api
