// Every row of the route table, asked by somebody who may not know what is there: the answer for what exists
// is the answer for what does not, to the letter.
#include <list>

#include <gtest/gtest.h>

#include "api/api_fixture.h"
#include "api/routes.h"

namespace peering::api {
namespace {

using http::Method;

void replace_all(std::string& text, const std::string& what, const std::string& by) {
  if (what.empty()) return;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
}

/// The route table, with rows for any scope asked of every kind of scope there is.
const std::vector<Route>& asked_routes() {
  static std::list<std::string> paths;
  static const std::vector<Route> out = [] {
    constexpr std::string_view scope = "/{scope}", subscription = "/subscriptions/{subscriptionId}",
                               group = "/resourceGroups/{resourceGroupName}",
                               service = "/providers/Microsoft.Peering/peeringServices/{peeringServiceName}",
                               prefix = "/prefixes/{prefixName}",
                               asn = "/providers/Microsoft.Peering/peerAsns/{peerAsnName}";
    const std::string groups = fmt::format("{}{}", subscription, group),
                      services = groups + std::string(service);
    std::vector<Route> made;
    for (const Route& route : api::routes()) {
      if (!route.path.starts_with(scope)) {
        made.push_back(route);
        continue;
      }
      for (const std::string& above :
           {std::string(), std::string(subscription), groups, services, services + std::string(prefix),
            fmt::format("{}{}", subscription, asn)}) {
        made.push_back(route);
        made.back().path = paths.emplace_back(above + std::string(route.path.substr(scope.size())));
      }
    }
    return made;
  }();
  return out;
}

/// Values of the parameters of path templates.
using Names = std::map<std::string, std::string, std::less<>>;

class TenantWalls : public ApiFixture {
 protected:
  static constexpr auto guid_a = "00000000-0000-4000-8000-00000000000a";
  static constexpr auto guid_b = "00000000-0000-4000-8000-00000000000b";
  static constexpr auto guid_of_nobody = "00000000-0000-4000-8000-0000000000ff";

  static Names existing(const std::string& subscription, const std::string& group,
                        const std::string& service) {
    return {{"subscriptionId", subscription}, {"resourceGroupName", group},
            {"peeringServiceName", service},  {"prefixName", "p1"},
            {"peerAsnName", "asn1"},          {"channelName", "c1"}};
  }

  /// A service with a prefix in the group.
  void fill(std::string_view subscription, const std::string& group, const std::string& service) {
    make_group(subscription, group);
    const std::string path = service_path(service, subscription, group);
    ASSERT_EQ(put(path, service_body).status, 201);
    ASSERT_EQ(put(path + "/prefixes/p1", prefix_body(prefixes_.back())).status, 201);
    prefixes_.pop_back();
    const std::string asn = fmt::format("{}/providers/Microsoft.Peering/peerAsns/asn1", subscription);
    ASSERT_LT(put(asn, R"({"properties":{"peerAsn":3333}})").status, 202);
  }

  static std::string target_of(const Route& route, const Names& names) {
    std::string out(route.path);
    for (const auto& [name, value] : names) replace_all(out, "{" + name + "}", value);
    for (std::size_t at = out.find('{'); at != std::string::npos; at = out.find('{')) {
      out.replace(at, out.find('}', at) - at + 1, "some");
    }
    const bool of_arm = out.ends_with("/Microsoft.Peering") || out.ends_with("/register");
    return of_arm ? out + "?api-version=2021-04-01" : versioned(out);
  }

  /// Status, code, message and headers, with the names that were asked for as their places.
  std::string answer(const std::string& token, const Route& route, const Names& names) {
    http::Request given = request(route.method, target_of(route, names),
                                  route.method == Method::get || route.method == Method::head ? "" : "{}");
    given.headers.set("Content-Type", "application/json");
    if (token.empty()) {
      given.headers = {};
      given.headers.set("Host", "127.0.0.1:8470");
    } else {
      given.headers.set("Authorization", "Bearer " + token);
    }
    given.headers.set("x-ms-correlation-request-id", "same");
    const Reply reply = send(given);
    std::string out = fmt::format("{} {}\n", reply.status, reply.text);
    for (const auto& [name, value] : reply.headers.all()) {
      if (name == "x-ms-request-id" || name == "x-ms-routing-request-id") continue;
      // What remains of a quota is less with every question.
      out += name + ": " + (name.starts_with("x-ms-ratelimit-") ? "" : value) + "\n";
    }
    for (const auto& [name, value] : names) replace_all(out, value, "<" + name + ">");
    return out;
  }

  static bool has(const Route& route, std::string_view parameter) {
    return route.path.find(fmt::format("{{{}}}", parameter)) != std::string_view::npos;
  }
  static bool is_guarded(const Route& route) { return route.permission != Permission::open; }

  /// Asks about both; gives how many routes there were.
  int compare(const std::string& token, const Names& there, const Names& missing, std::string_view parameter,
              std::string_view code) {
    int routes_asked = 0;
    for (const Route& route : asked_routes()) {
      if (!is_guarded(route) || !has(route, parameter)) continue;
      const std::string first = answer(token, route, there);
      EXPECT_EQ(first, answer(token, route, missing)) << route.operation;
      if (route.method != Method::head) {
        EXPECT_NE(first.find(code), std::string::npos) << route.operation << "\n" << first;
      }
      ++routes_asked;
    }
    return routes_asked;
  }

 private:
  std::vector<std::string> prefixes_ = {"203.0.113.0/24", "198.51.100.0/24", "192.0.2.0/24"};
};

TEST_F(TenantWalls, ASubscriptionOfAnotherTenantIsLikeOneThatIsNotThere) {
  fill(sub_a, "rg1", "svc1");
  fill(sub_b, "rg1", "svc1");
  for (const std::string_view role : {"Reader", "Contributor", "Owner", "Partner", "Operator"}) {
    const std::string stranger = token(role, sub_a);
    EXPECT_GT(compare(stranger, existing(guid_b, "rg1", "svc1"), existing(guid_of_nobody, "rg1", "svc1"),
                      "subscriptionId", "SubscriptionNotFound"),
              80);
    compare(stranger, existing(guid_b, "rg1", "svc1"), existing(guid_b, "rg9", "svc9"), "subscriptionId",
            "SubscriptionNotFound");
  }
  EXPECT_EQ(get(service_path("svc1", sub_b) + "/prefixes/p1").status, 200) << "still there";
}

TEST_F(TenantWalls, AGroupBesideOnesOwnIsLikeOneThatIsNotThere) {
  fill(sub_a, "rg1", "svc1");
  fill(sub_a, "rg2", "svc1");
  for (const std::string_view role : {"Reader", "Owner", "Operator"}) {
    const std::string neighbor = token(role, std::string(sub_a) + "/resourceGroups/rg1");
    EXPECT_GT(compare(neighbor, existing(guid_a, "rg2", "svc1"), existing(guid_a, "rg9", "svc1"),
                      "resourceGroupName", "ResourceGroupNotFound"),
              50);
  }
}

TEST_F(TenantWalls, AConnectionBesideOnesOwnIsLikeOneThatIsNotThere) {
  fill(sub_a, "rg1", "svc1");
  fill(sub_a, "rg1", "svc2");
  for (const std::string_view role : {"Reader", "Owner", "Operator"}) {
    const std::string neighbor = token(role, service_path("svc1"));
    EXPECT_GT(compare(neighbor, existing(guid_a, "rg1", "svc2"), existing(guid_a, "rg1", "svc9"),
                      "peeringServiceName", "ResourceNotFound"),
              20);
  }
}

TEST_F(TenantWalls, WithoutATokenNothingIsTold) {
  fill(sub_a, "rg1", "svc1");
  EXPECT_EQ(compare("", existing(guid_a, "rg1", "svc1"), existing(guid_of_nobody, "rg9", "svc9"),
                    "subscriptionId", "AuthenticationFailed"),
            compare("pt-0123456789abcdef.nothing", existing(guid_a, "rg1", "svc1"),
                    existing(guid_of_nobody, "rg9", "svc9"), "subscriptionId", "InvalidAuthenticationToken"));
}

}  // namespace
}  // namespace peering::api
