// Every change is in the audit log, once, with who made it and what it changed; nobody but Owners reads it.
#include <set>

#include <gmock/gmock.h>

#include "api/identity_providers.h"
#include "api/partner_fixture.h"
#include "api/routes.h"

namespace peering::api {
namespace {

using http::Method;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view assignment =
    "/providers/Microsoft.Authorization/roleAssignments/"
    "11111111-2222-4333-8444-555555555555";
constexpr std::string_view reader_role = "acdd72a7-3385-48ef-bd42-f606fba81ae7";

std::string text(const json::value& entry, std::string_view member) {
  return find_string(entry, member).value_or("");
}

class AuditLog : public PartnerFixture {
 protected:
  static std::string log_of(std::string_view scope, std::string_view filter = "") {
    std::string out = fmt::format("{}/providers/Open.Peering/auditLog", scope);
    if (filter.empty()) return out;
    std::string encoded;
    for (const char c : filter) encoded += c == ' ' ? "%20" : std::string(1, c);
    return out + "?$filter=" + encoded;
  }
  json::array entries(std::string_view scope = sub_a, std::string_view filter = "") {
    const Reply reply = get(log_of(scope, filter));
    EXPECT_EQ(reply.status, 200) << reply.text;
    return reply.status == 200 ? reply.body.at("value").as_array() : json::array();
  }
  std::vector<std::string> operations(std::string_view scope, std::string_view filter = "") {
    std::vector<std::string> out;
    for (const json::value& each : entries(scope, filter)) out.push_back(text(each, "operation"));
    return out;
  }
  /// Makes a change and gives its one entry, of the scope's log.
  json::value change(Method method, const std::string& path, const std::string& body, int status,
                     std::string_view scope = sub_a) {
    const std::size_t before = entries(scope).size();
    const Reply reply = send(request(method, versioned(path), body));
    EXPECT_EQ(reply.status, status) << http::to_string(method) << " " << path << ": " << reply.text;
    const json::array after = entries(scope);
    EXPECT_EQ(after.size(), before + 1) << http::to_string(method) << " " << path;
    if (after.empty()) return json::object();
    EXPECT_EQ(text(after[0], "correlationId"), reply.header("x-ms-correlation-request-id"));
    EXPECT_EQ(text(after[0], "requestId"), reply.header("x-ms-request-id"));
    EXPECT_EQ(after[0].at("statusCode"), json::value(status));
    seen.insert(text(after[0], "operationId"));
    return after[0];
  }
  json::value put_change(const std::string& path, const std::string& body, int status = 201) {
    return change(Method::put, path, body, status);
  }
  void change_services();
  void change_partners();
  void change_catalog();
  void change_subscription();

  std::set<std::string> seen;
};

void AuditLog::change_services() {
  const std::string group = std::string(sub_a) + "/resourceGroups/other",
                    service = service_path("s", sub_a, "other");
  put_change(group, R"({"location":"eastus"})");
  change(Method::patch, group, R"({"tags":{"a":"1"}})", 200);
  put_change(service, service_body);
  change(Method::patch, service, R"({"tags":{"a":"1"}})", 200);
  put_change(service + "/prefixes/p", prefix_body("203.0.113.0/24"));
  put_change(service + "/connectionMonitorTests/t", R"({"properties":{"destination":"192.0.2.1"}})");
  const std::string settings = "/providers/Open.Peering/monitoring/default";
  put_change(service + settings, R"({"properties":{}})");
  change(Method::patch, service + settings, R"({"properties":{}})", 200);
  put_change(service + "/prefixes/p" + settings, R"({"properties":{"asn":[3333]}})");
  change(Method::patch, service + "/prefixes/p" + settings, R"({"properties":{"asn":[3334]}})", 200);
  change(Method::delete_, service + "/connectionMonitorTests/t", "", 200);
  const std::string channel = std::string(sub_a) + "/providers/Open.Peering/alertChannels/c";
  put_change(channel, R"({"properties":{"type":"webhook","url":"http://127.0.0.1:1/"}})");
  change(Method::delete_, channel, "", 200);
  const std::string silence = std::string(sub_a) + "/providers/Open.Peering/silences/s";
  put_change(silence, R"({"properties":{"matchers":[{"name":"kind","value":"withdrawal"}],
      "endsAt":"2100-01-01T00:00:00Z"}})");
  change(Method::delete_, silence, "", 200);
  const std::string role = json::serialize(json::object{
      {"properties", json::object{{"principalId", "admin"}, {"roleDefinitionId", reader_role}}}});
  put_change(std::string(sub_a) + std::string(assignment), role);
  change(Method::delete_, std::string(sub_a) + std::string(assignment), "", 200);
  const std::string tags = service + "/providers/Microsoft.Resources/tags/default";
  change(Method::put, tags, R"({"properties":{"tags":{"a":"1"}}})", 200);
  change(Method::patch, tags, R"({"operation":"Merge","properties":{"tags":{"b":"2"}}})", 200);
  change(Method::delete_, tags, "", 200);
  const json::value token = change(Method::post, "/providers/Open.Peering/tokens",
                                   json::serialize(json::object{{"role", "Reader"}, {"scope", sub_a}}), 201);
  change(Method::delete_, text(token, "resourceId"), "", 200);
  EXPECT_EQ(remove(service + "/prefixes/p").status, 200);
  seen.insert(text(entries()[1], "operationId"));
  EXPECT_EQ(remove(service).status, 200);
  seen.insert(text(entries()[0], "operationId"));
  change(Method::delete_, group, "", 200);
}

void AuditLog::change_partners() {
  const std::string peering = make_peering("peer1");
  for (const json::value& each : entries()) seen.insert(text(each, "operationId"));
  const json::value shown = get(peering).body.at("properties").at("direct").at("connections").at(0);
  const std::string connection =
      fmt::format("{}/providers/Open.Peering/connections/{}", peering, text(shown, "connectionIdentifier"));
  change(Method::patch, peering, R"({"tags":{"a":"1"}})", 200);
  put_change(peering + "/registeredAsns/c", R"({"properties":{"asn":3333}})");
  put_change(peering + "/registeredPrefixes/l", prefix_body("198.51.100.0/24"));
  change(Method::post, peering + "/registeredPrefixes/l/validate", "", 200);
  change(Method::delete_, peering + "/registeredPrefixes/l", "", 200);
  change(Method::delete_, peering + "/registeredAsns/c", "", 200);
  change(Method::post, connection + "/reject", "", 200);
  change(Method::post, asn + "/providers/Open.Peering/reject", "", 200);
  change(Method::delete_, peering, "", 200);
  change(Method::delete_, asn, "", 200);
}

void AuditLog::change_subscription() {
  const std::string provider = std::string(sub_a) + "/providers/Microsoft.Peering";
  change(Method::post, provider + "/initializeConnectionMonitor", "", 200);
  for (const char* action : {"/unregister", "/register"}) {
    EXPECT_EQ(send(request(Method::post, provider + action + "?api-version=2021-04-01")).status, 200);
    seen.insert(text(entries()[0], "operationId"));
  }
}

void AuditLog::change_catalog() {
  const std::string metro = "/providers/Open.Peering/catalog/metros/Here";
  const std::string properties =
      R"({"name":"Here","country":"NZ","region":"Here","latitude":1.5,"longitude":2.5})";
  change(Method::put, metro, fmt::format(R"({{"properties":{}}})", properties), 201, "");
  change(Method::patch, metro, R"({"properties":{"latitude":3.5}})", 200, "");
  change(Method::post, "/providers/Open.Peering/catalog/apply",
         fmt::format(R"({{"entries":[{{"kind":"metros","name":"Here","properties":{}}}]}})", properties), 200,
         "");
  change(Method::delete_, metro, "", 200, "");
}

TEST_F(AuditLog, HasOneEntryForEachChangeOfEveryRouteThatWrites) {
  put_change(std::string(sub_a), R"({"displayName":"x"})", 200);
  change_services();
  change_partners();
  change_catalog();
  change_subscription();
  std::set<std::string> writing;
  for (const Route& route : api::routes()) {
    if (route.effect != Effect::none) writing.emplace(route.operation);
  }
  EXPECT_EQ(seen, writing);
}

TEST_F(AuditLog, ADeploymentAndWhatItMadeHaveEntriesAndATrialHasNone) {
  make_group();
  const std::string group = std::string(sub_a) + "/resourceGroups/rg1";
  const std::string deployment = group + "/providers/Microsoft.Resources/deployments/d";
  const std::string body = fmt::format(
      R"({{"properties":{{"mode":"Incremental","template":{{
         "$schema":"https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
         "contentVersion":"1.0.0.0","resources":[{{"type":"Microsoft.Peering/peeringServices",
         "apiVersion":"2022-10-01","name":"svc1",{}}}]}}}}}})",
      std::string_view(service_body).substr(1, std::string_view(service_body).size() - 2));
  const std::size_t before = entries().size();
  ASSERT_EQ(post(deployment + "/validate", body).status, 200);
  EXPECT_EQ(entries().size(), before);
  ASSERT_EQ(put(deployment, body).status, 201);
  EXPECT_THAT(operations(sub_a), testing::IsSupersetOf({"Microsoft.Resources/deployments/write",
                                                        "Microsoft.Peering/peeringServices/write"}));
  EXPECT_EQ(entries().size(), before + 2);
  ASSERT_EQ(remove(deployment).status, 204);
  EXPECT_EQ(operations(sub_a).front(), "Microsoft.Resources/deployments/delete");
}

TEST_F(AuditLog, AnEntrySaysWhoDidWhatFromWhereAndWhatItWas) {
  const std::string mine = token("Contributor", sub_a);
  http::Request given = request(Method::put, versioned(service_path("Office")), service_body);
  given.headers.set("Authorization", "Bearer " + mine);
  given.headers.set("x-ms-client-request-id", "client-1");
  given.headers.set("x-ms-correlation-request-id", "correlation-1");
  given.headers.set("X-Forwarded-For", "198.51.100.66, 192.0.2.7");
  ASSERT_EQ(send(given).status, 201);
  const json::value made = entries(service_path("office")).at(0);
  EXPECT_EQ(text(made, "operation"), "Microsoft.Peering/peeringServices/write");
  EXPECT_EQ(text(made, "operationId"), "PeeringServices_CreateOrUpdate");
  EXPECT_EQ(text(made, "method"), "PUT");
  EXPECT_EQ(text(made, "resourceId"), service_path("Office"));
  EXPECT_EQ(text(made, "timestamp"), "2026-11-23T12:00:00Z");
  EXPECT_EQ(text(made, "correlationId"), "correlation-1");
  EXPECT_EQ(text(made, "clientRequestId"), "client-1");
  EXPECT_EQ(text(made, "callerIpAddress"), "192.0.2.7") << "what the proxy beside us saw";
  EXPECT_EQ(text(made, "status"), "Succeeded");
  EXPECT_EQ(made.at("caller"), json::value(json::object{{"principalId", *token_id_of(mine)},
                                                        {"roles", json::array{"Contributor"}}}));
  EXPECT_FALSE(made.as_object().contains("before"));
  EXPECT_EQ(made.at("after").at("location"), json::value("eastus"));
  EXPECT_THAT(json::serialize(made), Not(HasSubstr(mine.substr(mine.find('.') + 1))));
  ASSERT_EQ(patch(service_path("office"), R"({"tags":{"a":"1"}})").status, 200);
  const json::value changed = entries(service_path("office")).at(0);
  EXPECT_EQ(changed.at("before"), made.at("after"));
  EXPECT_EQ(changed.at("after").at("tags"), json::value(json::object{{"a", "1"}}));
  ASSERT_EQ(remove(service_path("office")).status, 200);
  const json::value gone = entries(service_path("office")).at(0);
  EXPECT_EQ(text(gone, "operation"), "Microsoft.Peering/peeringServices/delete");
  EXPECT_EQ(gone.at("before"), changed.at("after"));
  EXPECT_FALSE(gone.as_object().contains("after"));
}

TEST_F(AuditLog, AClientBehindNoProxyCannotNameAnotherAddress) {
  http::Request given = request(Method::put, versioned(service_path("a")), service_body);
  given.remote = *net::Address::parse("203.0.113.9");
  given.headers.set("X-Forwarded-For", "192.0.2.7");
  ASSERT_EQ(send(given).status, 201);
  EXPECT_EQ(text(entries(service_path("a")).at(0), "callerIpAddress"), "203.0.113.9");
}

TEST_F(AuditLog, WhatGoesWithAGroupHasEntriesOfItsOwnAndTheyStay) {
  const std::string prefix = make_prefix(), group = std::string(sub_a) + "/resourceGroups/rg1";
  ASSERT_EQ(remove(group).status, 200);
  const json::array log = entries(sub_a, "operation eq 'Microsoft.Peering/peeringServices/prefixes/delete'");
  ASSERT_EQ(log.size(), 1U);
  EXPECT_EQ(text(log[0], "resourceId"), prefix);
  EXPECT_EQ(text(log[0], "deletedWith"), group);
  EXPECT_EQ(log[0].at("before").at("properties").at("prefix"), json::value("203.0.113.0/24"));
  EXPECT_EQ(get(log_of(group)).status, 404) << "the group is gone; its subscription's Owner has its log";
  make_group();
  EXPECT_THAT(operations(prefix), ElementsAre("Microsoft.Peering/peeringServices/prefixes/delete",
                                              "Microsoft.Peering/peeringServices/prefixes/write"));
}

TEST_F(AuditLog, SecretsNeverGetIntoIt) {
  const std::string channel = std::string(sub_a) + "/providers/Open.Peering/alertChannels/c";
  const std::string body =
      R"({"properties":{"type":"webhook","url":"http://127.0.0.1:1/","secret":"s3cr3t"}})";
  const json::value made = put_change(channel, body);
  EXPECT_EQ(made.at("after").at("properties").at("secretSet"), json::value(true));
  EXPECT_THAT(json::serialize(put_change(channel, body, 200)), Not(HasSubstr("s3cr3t")));
  EXPECT_THAT(json::serialize(change(Method::delete_, channel, "", 200)), Not(HasSubstr("s3cr3t")));
  const std::string key = token("Reader", sub_a);
  EXPECT_THAT(json::serialize(entries()), Not(HasSubstr(hash_of_token(key))));
  const std::string peering = make_peering("peer1");
  json::value document = get(peering).body;
  json::value& session = document.at("properties").at("direct").at("connections").at(0).at("bgpSession");
  session.as_object()["md5AuthenticationKey"] = "t0psecret";
  ASSERT_EQ(put(peering, json::serialize(document)).status, 200);
  ASSERT_THAT(get(peering).text, HasSubstr("t0psecret"));
  ASSERT_EQ(remove(peering).status, 200);
  EXPECT_THAT(json::serialize(entries()), Not(HasSubstr("t0psecret")));
}

TEST_F(AuditLog, ARefusedWriteOfSomebodyWhoMaySeeTheResourceIsThereWithoutDocuments) {
  const std::string service = make_service();
  const std::string reader = token("Reader", sub_a), stranger = token("Owner", sub_b);
  const std::size_t before = entries(service).size();
  EXPECT_EQ(send_as(reader, Method::delete_, versioned(service)).status, 403);
  EXPECT_EQ(send_as(stranger, Method::delete_, versioned(service)).status, 404);
  EXPECT_EQ(
      send_as(reader, Method::get, versioned(std::string(sub_a) + "/providers/Open.Peering/alertChannels"))
          .status,
      403);
  const json::array log = entries(service);
  ASSERT_EQ(log.size(), before + 1);
  EXPECT_EQ(text(log[0], "status"), "Failed");
  EXPECT_EQ(log[0].at("statusCode"), json::value(403));
  EXPECT_EQ(text(log[0], "operation"), "Microsoft.Peering/peeringServices/delete");
  EXPECT_EQ(text(log[0].at("caller"), "principalId"), *token_id_of(reader));
  EXPECT_FALSE(log[0].as_object().contains("before"));
  EXPECT_FALSE(log[0].as_object().contains("after"));
  const Reply refused = send_as(reader, Method::post, versioned("/providers/Open.Peering/tokens"),
                                json::serialize(json::object{{"role", "Owner"}, {"scope", sub_a}}));
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(text(entries()[0], "operationId"), "Tokens_Create")
      << "in the log of the scope that was asked for";
}

TEST_F(AuditLog, RefusalsCannotPushTheChangesOut) {
  const std::string service = make_service(), reader = token("Reader", sub_a);
  for (int i = 0; i < 700; ++i) {
    ASSERT_EQ(send_as(reader, Method::delete_, versioned(service)).status, 403);
  }
  std::size_t refused = 0;
  for (std::string link = versioned(log_of(service, "status eq 'Failed'")); !link.empty();) {
    const Reply page = send(request(Method::get, link));
    ASSERT_EQ(page.status, 200) << page.text;
    refused += page.items();
    const std::string next = find_string(page.body, "nextLink").value_or("");
    link = next.empty() ? "" : next.substr(next.find("/subscriptions"));
  }
  EXPECT_EQ(refused, 600U);
}

TEST_F(AuditLog, OnlyOwnersAndOperatorsOfTheScopeReadIt) {
  const std::string service = make_service(), group = std::string(sub_a) + "/resourceGroups/rg1";
  ASSERT_EQ(put(std::string(sub_b), "").status, 201);
  struct Case {
    std::string_view role, scope;
    int of_service, of_group, of_subscription, of_all;
  };
  for (const Case& each :
       {Case{"Owner", sub_a, 200, 200, 200, 403}, Case{"Operator", sub_a, 200, 200, 200, 403},
        Case{"Contributor", sub_a, 403, 403, 403, 403}, Case{"Reader", sub_a, 403, 403, 403, 403},
        Case{"Partner", sub_a, 403, 403, 403, 403}, Case{"Owner", group, 200, 200, 403, 403},
        Case{"Owner", service, 200, 404, 403, 403}, Case{"Owner", sub_b, 404, 404, 404, 403},
        Case{"Operator", "/", 200, 200, 200, 200}, Case{"Reader", "/", 403, 403, 403, 403}}) {
    const std::string key = token(each.role, each.scope);
    const auto status = [&](std::string_view scope) {
      return send_as(key, Method::get, versioned(log_of(scope))).status;
    };
    EXPECT_EQ(status(service), each.of_service) << each.role << " " << each.scope;
    EXPECT_EQ(status(group), each.of_group) << each.role << " " << each.scope;
    EXPECT_EQ(status(sub_a), each.of_subscription) << each.role << " " << each.scope;
    EXPECT_EQ(status(""), each.of_all) << each.role << " " << each.scope;
  }
}

TEST_F(AuditLog, IsFilteredByTimeCallerOperationAndPlace) {
  const std::string first = make_service("a");
  clock += std::chrono::hours(1);
  const std::string key = token("Contributor", sub_a);
  ASSERT_EQ(send_as(key, Method::put, versioned(service_path("b")), service_body).status, 201);
  EXPECT_EQ(entries(sub_a, "timestamp ge 2026-11-23T13:00:00Z").size(), 2U);
  EXPECT_EQ(
      entries(sub_a, "timestamp ge 2026-11-23T13:00:00Z and caller eq '" + *token_id_of(key) + "'").size(),
      1U);
  EXPECT_EQ(entries(sub_a, "timestamp gt 2026-11-23T13:00:00Z").size(), 0U);
  EXPECT_THAT(operations(sub_a, "resourceId eq '" + first + "'"),
              ElementsAre("Microsoft.Peering/peeringServices/write"));
  EXPECT_EQ(entries(sub_a, "operation eq 'microsoft.peering/peeringservices/write'").size(), 2U);
  EXPECT_EQ(entries(sub_a, "resourceGroupName eq 'RG1' and resourceProvider eq 'Microsoft.Peering'").size(),
            2U);
  for (const std::string_view bad :
       {"color eq 'red'", "timestamp ge 'yesterday'", "caller ne 'x'", "caller"}) {
    EXPECT_EQ(get(log_of(sub_a, bad)).status, 400) << bad;
  }
  EXPECT_EQ(get(log_of(service_path("never"))).status, 404);
  EXPECT_EQ(get(log_of("/subscriptions/x/y")).status, 404);
}

TEST_F(AuditLog, PagesFollowEachOther) {
  for (int i = 0; i < 7; ++i) make_service("s" + std::to_string(i));
  std::vector<std::string> ids;
  for (std::string link = versioned(log_of(sub_a) + "?$top=3"); !link.empty();) {
    const Reply page = send(request(Method::get, link));
    ASSERT_EQ(page.status, 200) << page.text;
    EXPECT_LE(page.items(), 3U);
    for (const json::value& each : page.body.at("value").as_array()) ids.push_back(text(each, "id"));
    const std::string next = find_string(page.body, "nextLink").value_or("");
    link = next.empty() ? "" : next.substr(next.find("/subscriptions"));
  }
  EXPECT_EQ(ids.size(), entries().size());
  EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()).size(), ids.size());
  EXPECT_EQ(get(log_of(sub_a) + "?$skipToken=70313a78").status, 400);
}

TEST_F(AuditLog, AChangeThatIsDecidedAgainHasOneEntry) {
  const std::string service = make_service();
  resources.meanwhile = [&] { patch(service, R"({"tags":{"a":"1"}})"); };
  ASSERT_EQ(put(service + "/prefixes/p", prefix_body("203.0.113.0/24")).status, 201);
  EXPECT_EQ(operations(service + "/prefixes/p").size(), 1U);
}

TEST_F(AuditLog, OfWhatIsInNoSubscriptionIsForOperators) {
  const std::string key = token("Operator", "/");
  const json::array log = entries("");
  ASSERT_EQ(log.size(), 1U);
  EXPECT_EQ(text(log[0], "resourceId"), "/providers/Open.Peering/tokens/" + *token_id_of(key));
  EXPECT_EQ(text(log[0], "operation"), "Open.Peering/tokens/write");
}

class ActivityLog : public AuditLog {
 protected:
  static std::string path(std::string_view filter, std::string_view rest = "") {
    std::string encoded;
    for (const char c : filter) encoded += c == ' ' ? "%20" : std::string(1, c);
    return fmt::format("{}/providers/Microsoft.Insights/eventtypes/management/values?$filter={}{}", sub_a,
                       encoded, rest);
  }
  static constexpr std::string_view day =
      "eventTimestamp ge '2026-11-23T00:00:00Z' and eventTimestamp le '2026-11-24T00:00:00.0000000Z'";
};

TEST_F(ActivityLog, TakesTimesWithoutAnOffsetForUtc) {
  make_service();
  EXPECT_GT(
      get(path("eventTimestamp ge 2026-11-23T12:00:00.000000 and eventTimestamp le 2026-11-23T12:00:00"))
          .items(),
      0U);
  EXPECT_EQ(get(path("eventTimestamp ge 2026-11-23T12:00:00.000001")).items(), 0U);
}

TEST_F(ActivityLog, HasAzuresFields) {
  const std::string service = make_service();
  const Reply reply = get(path(fmt::format("{} and resourceUri eq '{}'", day, service)));
  ASSERT_EQ(reply.status, 200) << reply.text;
  ASSERT_EQ(reply.items(), 1U);
  const json::value event = reply.body.at("value").at(0);
  EXPECT_EQ(text(event, "caller"), "admin");
  EXPECT_EQ(text(event, "eventTimestamp"), "2026-11-23T12:00:00Z");
  EXPECT_EQ(text(event, "resourceId"), service);
  EXPECT_EQ(text(event, "resourceGroupName"), "rg1");
  EXPECT_EQ(text(event, "level"), "Informational");
  EXPECT_EQ(
      event.at("authorization"),
      json::value(json::object{
          {"action", "Microsoft.Peering/peeringServices/write"}, {"role", "Operator"}, {"scope", service}}));
  EXPECT_EQ(event.at("operationName").at("value"), json::value("Microsoft.Peering/peeringServices/write"));
  EXPECT_EQ(event.at("status").at("value"), json::value("Succeeded"));
  EXPECT_EQ(event.at("subStatus").at("localizedValue"), json::value("Created (HTTP Status Code: 201)"));
  EXPECT_EQ(event.at("category").at("value"), json::value("Administrative"));
  EXPECT_EQ(event.at("resourceProviderName").at("value"), json::value("Microsoft.Peering"));
  EXPECT_EQ(event.at("resourceType").at("value"), json::value("Microsoft.Peering/peeringServices"));
  EXPECT_EQ(event.at("httpRequest").at("method"), json::value("PUT"));
  EXPECT_FALSE(event.as_object().contains("after"));
}

TEST_F(ActivityLog, IsFilteredAndNarrowedAsAzuresIs) {
  make_service();
  make_group(sub_a, "rg2");
  EXPECT_EQ(get(path(fmt::format("{} and resourceGroupName eq 'RG2'", day))).items(), 1U);
  EXPECT_EQ(get(path(fmt::format("{} and resourceProvider eq 'Microsoft.Resources' and status eq 'Succeeded'",
                                 day)))
                .items(),
            6U);
  EXPECT_EQ(get(path("eventTimestamp ge '2026-11-24T00:00:00Z'")).items(), 0U);
  EXPECT_EQ(get(path(fmt::format("{} and eventChannels eq 'Admin, Operation'", day))).status, 200);
  const Reply some = get(path(day, "&$select=caller,%20operationName"));
  EXPECT_EQ(some.body.at("value").at(0).as_object().size(), 2U) << some.text;
  EXPECT_EQ(get(path(fmt::format("resourceUri eq '{}/resourceGroups/x'", sub_b))).status, 400);
}

TEST_F(ActivityLog, IsForOwnersOfWhatTheFilterNames) {
  const std::string service = make_service();
  make_group(sub_a, "rg2");
  ASSERT_EQ(put(std::string(sub_b), "").status, 201);
  const auto status = [&](const std::string& key, std::string_view filter) {
    return send_as(key, Method::get, versioned(path(filter))).status;
  };
  const std::string mine = "resourceGroupName eq 'rg1'", theirs = "resourceGroupName eq 'rg2'";
  const std::string owner = token("Owner", std::string(sub_a) + "/resourceGroups/rg1");
  EXPECT_EQ(status(owner, mine), 200);
  EXPECT_EQ(status(owner, theirs), 403);
  EXPECT_EQ(status(owner, "resourceGroupName eq 'rg9'"), 403) << "whether it is there or not";
  EXPECT_EQ(status(owner, day), 403);
  EXPECT_EQ(status(owner, "resourceUri eq '" + service + "'"), 200);
  EXPECT_EQ(status(token("Contributor", sub_a), mine), 403);
  EXPECT_EQ(status(token("Owner", sub_b), mine), 404);
}

}  // namespace
}  // namespace peering::api
