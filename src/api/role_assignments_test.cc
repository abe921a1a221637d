// Role assignments: what each role may where, at once, and never after what it was for is gone.
#include <fstream>
#include <optional>

#include <gmock/gmock.h>

#include "api/identity_providers.h"
#include "api/partner_fixture.h"
#include "api/role_definitions.h"
#include "api/role_directory.h"
#include "api/token_maker_for_tests.h"

namespace peering::api {
namespace {

using http::Method;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

constexpr std::string_view sub_c = "/subscriptions/00000000-0000-4000-8000-00000000000c";
constexpr std::array<Role, 5> all_roles = {Role::reader, Role::contributor, Role::owner, Role::partner,
                                           Role::operator_};

class RoleAssignments : public PartnerFixture {
 protected:
  RoleAssignments() {
    service = make_service();
    EXPECT_EQ(put(service + "/prefixes/p1", prefix_body("203.0.113.0/24")).status, 201);
    EXPECT_EQ(put(service_path("svc2"), service_body).status, 201);
    make_group(sub_a, "rg2");
    make_group(sub_b);
    EXPECT_EQ(put(std::string(sub_c), "").status, 201);
    somebody = token("Reader", sub_c);
    principal = *token_id_of(somebody);
  }

  static std::string guid(int number) { return fmt::format("11111111-2222-4333-8444-{:012}", number); }
  static std::string at(std::string_view scope, std::string_view name) {
    return fmt::format("{}/providers/Microsoft.Authorization/roleAssignments/{}", scope == "/" ? "" : scope,
                       name);
  }
  static std::string body_of(std::string_view role, std::string_view who) {
    const RoleDefinition* definition = find_role_definition_by_name(role);
    return json::serialize(json::object{
        {"properties", json::object{{"roleDefinitionId",
                                     definition ? role_definition_id(*definition, "/") : std::string(role)},
                                    {"principalId", who}}}});
  }
  /// Gives the role; the path of the assignment.
  std::string assign(std::string_view role, std::string_view scope, std::string_view who) {
    const std::string path = at(scope, guid(++assigned));
    const Reply made = put(path, body_of(role, who));
    EXPECT_EQ(made.status, 201) << made.text;
    return path;
  }
  std::string assign(std::string_view role, std::string_view scope) { return assign(role, scope, principal); }

  Reply as(const std::string& who, Method method, const std::string& path, std::string body = "") {
    return send_as(who, method, versioned(path), std::move(body));
  }
  Reply assign_as(const std::string& who, std::string_view role, std::string_view scope) {
    return as(who, Method::put, at(scope, guid(++assigned)), body_of(role, principal));
  }
  std::vector<std::string> listed(std::string_view scope, std::string_view filter = "") {
    std::string path = at(scope, "");
    path.pop_back();
    if (!filter.empty()) path += fmt::format("?$filter={}", filter);
    const Reply reply = get(path);
    EXPECT_EQ(reply.status, 200) << reply.text;
    std::vector<std::string> out;
    if (reply.status != 200) return out;
    for (const json::value& each : reply.body.at("value").as_array()) {
      out.push_back(*find_string(each, "id"));
    }
    return out;
  }

  std::string service, somebody, principal;
  int assigned = 0;
};

/// An operation on something that there is.
struct Operation {
  std::string_view name;
  Permission permission;
  Method method;
  std::string target, path, body;
};

/// Where a role is assigned, seen from the target; `covers`: it holds there.
struct Relation {
  std::string_view name;
  std::string scope;
  bool covers = false;
  int without = 404;  ///< the answer where it does not hold
};

class RoleMatrix : public RoleAssignments {
 protected:
  std::vector<Relation> relations(const std::string& target) {
    const std::string group = std::string(sub_a) + "/resourceGroups/rg1";
    std::vector<Relation> out = {{"the subscription", std::string(sub_a), true},
                                 {"everything", "/", true},
                                 {"another tenant", std::string(sub_b), false, 404}};
    const bool whole = target == sub_a;
    out.push_back({"the group", group, !whole, 403});
    out.push_back({"another group", std::string(sub_a) + "/resourceGroups/rg2", false, whole ? 403 : 404});
    if (whole) return out;
    out.push_back({"itself", target, true});
    out.push_back({"one beside", service_path("svc2"), false, 404});
    if (target == service) out.push_back({"below", service + "/prefixes/p1", false, 403});
    return out;
  }
};

TEST_F(RoleMatrix, EveryRoleDoesWhatItMayWhereItIsAssignedAndNothingElse) {
  const std::string peering = make_peering("peer1");
  const std::string log = "/providers/Open.Peering/auditLog";
  const std::vector<Operation> operations = {
      {"read", Permission::read, Method::get, service, service, ""},
      {"write", Permission::write, Method::patch, service, service, R"({"tags":{}})"},
      {"delete", Permission::write, Method::delete_, service, service + "/prefixes/none", ""},
      {"partner_write", Permission::partner_write, Method::patch, peering, peering, R"({"tags":{}})"},
      {"own", Permission::own, Method::get, service, service + log, ""},
      {"assign", Permission::own, Method::delete_, service, at(service, guid(999)), ""},
      {"read assignments", Permission::read, Method::get, service,
       service + "/providers/Microsoft.Authorization/roleAssignments", ""},
      {"operate", Permission::operate, Method::put, std::string(sub_a), std::string(sub_a), "{}"}};
  int asked = 0;
  for (const Operation& operation : operations) {
    for (const Relation& relation : relations(operation.target)) {
      for (const Role role : all_roles) {
        const std::string path = assign(to_string(role), relation.scope);
        const Reply reply = as(somebody, operation.method, operation.path, operation.body);
        const std::string what =
            fmt::format("{} with {} at {}: {}", operation.name, to_string(role), relation.name, reply.text);
        const bool may = relation.covers && role_allows(role, operation.permission);
        if (may) {
          EXPECT_LT(reply.status, 300) << what;
        } else {
          // What lies beside her scope she is not told of, be it an extension of what is above.
          const bool beside = relation.name == "below" && operation.path != operation.target;
          EXPECT_EQ(reply.status, relation.covers ? 403 : beside ? 404 : relation.without) << what;
        }
        ASSERT_EQ(remove(path).status, 200);
        EXPECT_EQ(as(somebody, operation.method, operation.path, operation.body).status, 404) << what;
        ++asked;
      }
    }
  }
  EXPECT_GE(asked, 250);
}

TEST_F(RoleAssignments, AreShownAsAzureShowsThem) {
  const std::string path = at(service, guid(1));
  const Reply made = put(path, body_of("Reader", principal));
  ASSERT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(made.body.at("id"), json::value(path));
  EXPECT_EQ(made.body.at("name"), json::value(guid(1)));
  EXPECT_EQ(made.body.at("type"), json::value("Microsoft.Authorization/roleAssignments"));
  EXPECT_EQ(made.property("principalId"), principal);
  EXPECT_EQ(made.property("principalType"), "ServicePrincipal");
  EXPECT_EQ(made.property("scope"), service);
  EXPECT_EQ(made.property("roleDefinitionId"),
            std::string(sub_a) +
                "/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7");
  EXPECT_EQ(made.property("createdBy"), "admin");
  EXPECT_EQ(get(path).body, made.body);
  EXPECT_EQ(put(path, body_of("Reader", principal)).status, 200) << "the same again";
  EXPECT_EQ(put(path, body_of("Owner", principal)).code(), "RoleAssignmentUpdateNotPermitted");
  EXPECT_EQ(put(at(service, guid(2)), body_of("Reader", principal)).code(), "RoleAssignmentExists");
  const Reply gone = remove(path);
  EXPECT_EQ(gone.status, 200);
  EXPECT_EQ(gone.body.at("id"), made.body.at("id"));
  EXPECT_EQ(remove(path).status, 204);
  EXPECT_EQ(get(path).code(), "RoleAssignmentNotFound");
}

TEST_F(RoleAssignments, AreRefusedWithWhatIsWrong) {
  const auto code = [&](const std::string& path, const std::string& body) { return put(path, body).code(); };
  EXPECT_EQ(code(at(service, "mine"), body_of("Reader", principal)), "InvalidRoleAssignmentId");
  EXPECT_EQ(code(at(service, guid(1)), body_of("Emperor", principal)), "RoleDefinitionDoesNotExist");
  EXPECT_EQ(code(at(service, guid(1)), body_of("Reader", "0123456789abcdef")), "PrincipalNotFound");
  EXPECT_EQ(code(at(service_path("none"), guid(1)), body_of("Reader", principal)), "ParentResourceNotFound");
  EXPECT_EQ(
      put(at(service + "/providers/Open.Peering/monitoring/default", guid(1)), body_of("Reader", principal))
          .status,
      404);
  EXPECT_EQ(put(at("/nowhere", guid(1)), body_of("Reader", principal)).status, 404);
  const auto with = [&](std::string_view member, const std::string& value) {
    json::value body = *parse_json(body_of("Reader", principal));
    body.at("properties").as_object()[member] = value;
    return put(at(service, guid(1)), json::serialize(body));
  };
  EXPECT_EQ(with("principalType", "Group").status, 400);
  EXPECT_EQ(with("condition", "@Resource").status, 400);
  EXPECT_EQ(with("description", std::string(1025, 'x')).status, 400);
  EXPECT_EQ(with("principalType", "User").status, 201);
}

TEST_F(RoleAssignments, AnOwnerGivesWhatSheHasAndNoMoreAtHerScopeAndBelow) {
  const std::string group = std::string(sub_a) + "/resourceGroups/rg1";
  const std::string owner = token("Reader", sub_c);
  assign("Owner", group, *token_id_of(owner));
  for (const std::string_view role : {"Reader", "Contributor", "Owner", "Partner"}) {
    EXPECT_EQ(assign_as(owner, role, group).status, 201) << role;
    EXPECT_EQ(assign_as(owner, role, service).status, 201) << role;
    EXPECT_EQ(assign_as(owner, role, sub_a).status, 403) << role;
    EXPECT_EQ(assign_as(owner, role, "/").status, 403) << role;
    EXPECT_EQ(assign_as(owner, role, std::string(sub_a) + "/resourceGroups/rg2").status, 404) << role;
    EXPECT_EQ(assign_as(owner, role, sub_b).status, 404) << role;
  }
  EXPECT_EQ(assign_as(owner, "Operator", group).status, 403);
  const std::string operators = assign("Operator", group);
  EXPECT_EQ(as(owner, Method::delete_, operators).status, 403) << "nor does she take it";
  for (const std::string_view role : {"Reader", "Contributor", "Partner"}) {
    const std::string lesser = token(role, sub_a);
    EXPECT_EQ(assign_as(lesser, "Reader", group).status, 403) << role;
    EXPECT_EQ(as(lesser, Method::delete_, operators).status, 403) << role;
  }
  EXPECT_EQ(assign_as(token("Operator", "/"), "Operator", service).status, 201);
}

TEST_F(RoleAssignments, CountFromTheNextRequestOnAndEndWithTheOneAfter) {
  EXPECT_EQ(as(somebody, Method::get, service).status, 404);
  const std::string path = assign("Reader", service);
  EXPECT_EQ(as(somebody, Method::get, service).status, 200);
  EXPECT_EQ(as(somebody, Method::get, std::string(sub_a)).status, 403);
  EXPECT_EQ(as(somebody, Method::get, std::string(sub_c)).status, 200) << "and what her token has";
  ASSERT_EQ(remove(path).status, 200);
  EXPECT_EQ(as(somebody, Method::get, service).status, 404);
}

TEST_F(RoleAssignments, BringNothingBackToWhatIsMadeAnewUnderTheSameName) {
  const std::string group = std::string(sub_a) + "/resourceGroups/rg1", prefix = service + "/prefixes/p1";
  const std::string paths[] = {assign("Owner", group), assign("Contributor", service),
                               assign("Reader", prefix)};
  ASSERT_EQ(remove(prefix).status, 200);
  EXPECT_EQ(get(paths[2]).status, 404);
  ASSERT_EQ(put(prefix, prefix_body("203.0.113.0/24")).status, 201);
  EXPECT_EQ(get(paths[2]).code(), "RoleAssignmentNotFound");
  ASSERT_EQ(remove(service).status, 200);
  ASSERT_EQ(put(service, service_body).status, 201);
  EXPECT_EQ(get(paths[1]).code(), "RoleAssignmentNotFound");
  EXPECT_EQ(as(somebody, Method::get, service).status, 200) << "by the group";
  ASSERT_EQ(remove(group).status, 200);
  make_group();
  ASSERT_EQ(put(service, service_body).status, 201);
  EXPECT_EQ(get(paths[0]).code(), "RoleAssignmentNotFound");
  EXPECT_EQ(as(somebody, Method::get, service).status, 404);
  EXPECT_EQ(as(somebody, Method::get, group).status, 404);
  EXPECT_TRUE(listed("/", "principalId%20eq%20'" + principal + "'").empty());
}

TEST_F(RoleAssignments, OfAPrefixEndWithItAlthoughItsCommitIsNotWaitedFor) {
  const std::string prefix = service + "/prefixes/p1";
  assign("Reader", prefix);
  EXPECT_EQ(as(somebody, Method::get, prefix).status, 200);
  ASSERT_EQ(remove(prefix).status, 200);
  ASSERT_EQ(put(prefix, prefix_body("203.0.113.0/24")).status, 201);
  EXPECT_EQ(as(somebody, Method::get, prefix).status, 404);
}

TEST_F(RoleAssignments, AreNotMadeForAScopeThatGoesMeanwhile) {
  // As another node would: this one writes one at a time in a subscription.
  resources.meanwhile = [&] {
    store::Write whole;
    whole.key = model::lower(service);
    whole.reach = store::Reach::subtree;
    ASSERT_TRUE(resources.commit({&whole, 1}));
  };
  EXPECT_EQ(put(at(service, guid(1)), body_of("Reader", principal)).status, 404);
  ASSERT_EQ(put(service, service_body).status, 201);
  EXPECT_EQ(as(somebody, Method::get, service).status, 404);
}

TEST_F(RoleAssignments, TheLastOwnerOfASubscriptionStaysUnlessAnOperatorAsks) {
  const std::string first = assign("Owner", sub_c), reader = assign("Reader", sub_c, "admin");
  const Reply refused = as(somebody, Method::delete_, first);
  EXPECT_EQ(refused.status, 412);
  EXPECT_EQ(refused.code(), "CannotDeleteLastRbacAdminAssignment");
  EXPECT_EQ(as(somebody, Method::delete_, reader).status, 200);
  const std::string second = assign("Owner", sub_c, "admin");
  EXPECT_EQ(as(somebody, Method::delete_, second).status, 200);
  const std::string owner = token("Owner", sub_c);
  EXPECT_EQ(as(somebody, Method::delete_, first).status, 200) << "a token owns it too";
  EXPECT_EQ(remove(assign("Owner", sub_c)).status, 200);
  EXPECT_EQ(as(owner, Method::delete_, "/providers/Open.Peering/tokens/" + *token_id_of(owner)).status, 200);
  EXPECT_EQ(remove(assign("Owner", sub_c)).status, 200) << "an Operator may";
}

TEST_F(RoleAssignments, AreListedAtBelowAndAboveAScope) {
  const std::string group = std::string(sub_a) + "/resourceGroups/rg1";
  const std::string above = assign("Reader", sub_a), here = assign("Reader", group),
                    below = assign("Reader", service), all = assign("Reader", "/", "admin"),
                    beside = assign("Reader", std::string(sub_a) + "/resourceGroups/rg2");
  EXPECT_THAT(listed(group), ElementsAre(all, above, here, below));
  EXPECT_THAT(listed(group, "atScope()"), ElementsAre(all, above, here));
  EXPECT_THAT(listed(group, "principalId%20eq%20'" + principal + "'"), ElementsAre(above, here, below));
  EXPECT_THAT(listed(group, "assignedTo('ADMIN')"), ElementsAre(all));
  EXPECT_THAT(listed(group, "atScope()%20and%20assignedTo('" + principal + "')"), ElementsAre(above, here));
  EXPECT_THAT(listed("/"), UnorderedElementsAre(all, above, here, below, beside));
  EXPECT_EQ(get(at(group, "").substr(0, at(group, "").size() - 1) + "?$filter=color%20eq%20'x'").status, 400);
  // Who may read here only is not told who is above.
  const std::string mine = token("Reader", group);
  const Reply narrow = as(mine, Method::get, group + "/providers/Microsoft.Authorization/roleAssignments");
  ASSERT_EQ(narrow.status, 200);
  EXPECT_EQ(narrow.items(), 2U) << narrow.text;
}

TEST_F(RoleAssignments, TheRolesAreDefinitionsWithAzuresNames) {
  const std::string list = std::string(sub_a) + "/providers/Microsoft.Authorization/roleDefinitions";
  const Reply all = get(list);
  ASSERT_EQ(all.items(), 5U) << all.text;
  for (const auto& [name, id] : {std::pair("Reader", "acdd72a7-3385-48ef-bd42-f606fba81ae7"),
                                 std::pair("Contributor", "b24988ac-6180-42a0-ab88-20f7382dd24c"),
                                 std::pair("Owner", "8e3af657-a8ff-443c-a75c-2fe8c4bcb635")}) {
    const Reply one = get(list + "/" + id);
    EXPECT_EQ(one.property("roleName"), name);
    const Reply found = get(list + fmt::format("?$filter=roleName%20eq%20'{}'", name));
    ASSERT_EQ(found.items(), 1U);
    EXPECT_EQ(found.body.at("value").at(0), one.body);
  }
  EXPECT_EQ(get(list + "/" + guid(1)).code(), "RoleDefinitionDoesNotExist");
  EXPECT_EQ(get("/providers/Microsoft.Authorization/roleDefinitions").items(), 5U);
  EXPECT_EQ(get(list + "?$filter=color%20eq%20'x'").status, 400);
}

TEST_F(RoleAssignments, AreThereAfterARestart) {
  assign("Reader", service);
  api = std::make_unique<Api>(services());
  ASSERT_TRUE(api->bootstrap(folder));
  EXPECT_EQ(as(somebody, Method::get, service).status, 200);
}

TEST_F(RoleAssignments, CountForACallerOfAnIssuer) {
  const SigningKey key = SigningKey::ec("k");
  const std::string file = folder + "-keys";
  std::ofstream(file) << key_set_of({key.jwk()});
  IssuerSettings issuer;
  issuer.issuer = "https://login.example.net";
  issuer.audience = "peering";
  issuer.jwks_file = file;
  issuer.algorithms = {"ES256"};
  IdentityProviders identities({issuer}, metrics);
  Services with = services();
  with.identities = &identities;
  api = std::make_unique<Api>(with);
  ASSERT_TRUE(api->bootstrap(folder));
  const std::int64_t now_s = to_us(clock) / 1'000'000;
  const std::string ada = key.token(
      json::object{{"iss", issuer.issuer}, {"aud", "peering"}, {"sub", "ada"}, {"exp", now_s + 3600}},
      "ES256");
  EXPECT_EQ(as(ada, Method::get, service).status, 404);
  const std::string who = principal_of(issuer.issuer, "ada");
  assign("Contributor", service, who);
  EXPECT_EQ(as(ada, Method::patch, service, R"({"tags":{"a":"1"}})").status, 200);
  const Reply log = get(service + "/providers/Open.Peering/auditLog?$filter=caller%20eq%20'ada'");
  ASSERT_EQ(log.items(), 1U) << log.text;
  EXPECT_EQ(log.body.at("value").at(0).at("caller"), json::value({{"principalId", who},
                                                                  {"issuer", issuer.issuer},
                                                                  {"subject", "ada"},
                                                                  {"roles", json::array{"Contributor"}}}));
  std::remove(file.c_str());
}

}  // namespace
}  // namespace peering::api
