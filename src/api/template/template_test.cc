#include "api/template/template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace peering::api::tmpl {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Target target() {
  Target out;
  out.subscription = "00000000-0000-4000-8000-00000000000a";
  out.resource_group = "net";
  out.group = *parse_json(R"({"name":"net","location":"eastus","tags":{"team":"network"}})");
  out.subscription_object = *parse_json(R"({"subscriptionId":"00000000-0000-4000-8000-00000000000a"})");
  out.deployment = *parse_json(R"({"name":"first","properties":{"mode":"Incremental"}})");
  return out;
}

/// What an expression gives, as JSON; or the error's message.
std::string value_of(const std::string& expression) {
  const Target where = target();
  const json::object parameters =
      parse_json(R"({"site":"akl","list":[1,2,3],"deep":{"A":{"b":"c"}}})")->as_object();
  const json::object variables =
      parse_json(R"({"both":"[concat(parameters('site'),'-x')]","loop":"[variables('loop')]",
    "copy":[{"name":"many","count":3,"input":"[concat('n', copyIndex('many', 1))]"}]})")
          ->as_object();
  Evaluator evaluator(where, parameters, variables);
  const auto out = evaluator.evaluate(json::value(expression), "x");
  return out ? json::serialize(*out) : out.error().message;
}

TEST(TemplateExpressions, TextsThatAreNoneStayAsTheyAre) {
  EXPECT_EQ(value_of("plain"), R"("plain")");
  EXPECT_EQ(value_of("[[not one]"), R"("[not one]")");
  EXPECT_EQ(value_of("[open"), R"("[open")");
}

TEST(TemplateExpressions, FunctionsOfTexts) {
  EXPECT_EQ(value_of("[concat('a', 1, true(), 'it''s')]"), R"("a1Trueit's")");
  EXPECT_EQ(value_of("[format('{0}-{1}{{}}', 'a', 2)]"), R"("a-2{}")");
  EXPECT_EQ(value_of("[toUpper(toLower('AbC'))]"), R"("ABC")");
  EXPECT_EQ(value_of("[replace('a.b.c', '.', '--')]"), R"("a--b--c")");
  EXPECT_EQ(value_of("[split('a,b;c', createArray(',', ';'))]"), R"(["a","b","c"])");
  EXPECT_EQ(value_of("[join(createArray('a', 2), '/')]"), R"("a/2")");
  EXPECT_EQ(value_of("[substring('größe', 2, 2)]"), "\"öß\"");
  EXPECT_EQ(value_of("[padLeft(7, 3, '0')]"), R"("007")");
  EXPECT_EQ(value_of("[indexOf('abcabc', 'C')]"), "2");
  EXPECT_EQ(value_of("[lastIndexOf('abcabc', 'x')]"), "-1");
  EXPECT_EQ(value_of("[and(startsWith('Abc', 'a'), endsWith('abC', 'c'))]"), "true");
  EXPECT_EQ(value_of("[trim('  a ')]"), R"("a")");
  EXPECT_EQ(value_of("[string(createObject('a', 1))]"), R"("{\"a\":1}")");
}

TEST(TemplateExpressions, FunctionsOfListsAndObjects) {
  EXPECT_EQ(value_of("[length(parameters('list'))]"), "3");
  EXPECT_EQ(value_of("[createArray(first('abc'), last(parameters('list')))]"), R"(["a",3])");
  EXPECT_EQ(value_of("[contains(parameters('deep'), 'a')]"), "true");
  EXPECT_EQ(
      value_of("[union(createObject('a', createObject('b', 1)), createObject('a', createObject('c', 2)))]"),
      R"({"a":{"b":1,"c":2}})");
  EXPECT_EQ(value_of("[union(createArray(1, 2), createArray(2, 3))]"), "[1,2,3]");
  EXPECT_EQ(value_of("[intersection(createArray(1, 2), createArray(2, 3))]"), "[2]");
  EXPECT_EQ(value_of("[coalesce(null(), 'a')]"), R"("a")");
  EXPECT_EQ(value_of("[json('{\"a\":[1]}').a[0]]"), "1");
  EXPECT_EQ(value_of("[empty(array('a'))]"), "false");
  EXPECT_EQ(value_of("[skip(range(1, 4), 2)]"), "[3,4]");
  EXPECT_EQ(value_of("[take('abcd', 3)]"), R"("abc")");
}

TEST(TemplateExpressions, FunctionsOfNumbersAndTruth) {
  EXPECT_EQ(value_of("[add(mul(2, 3), sub(mod(7, 4), div(9, 2)))]"), "5");
  EXPECT_EQ(value_of("[min(3, -1)]"), "-1");
  EXPECT_EQ(value_of("[max(parameters('list'))]"), "3");
  EXPECT_EQ(value_of("[int('42')]"), "42");
  EXPECT_EQ(value_of("[if(bool('true'), 'yes', parameters('there is none'))]"), R"("yes")");
  EXPECT_EQ(value_of("[or(equals(1, 1), bool(parameters('there is none')))]"), "true");
  EXPECT_EQ(value_of("[not(greaterOrEquals(1, 2))]"), "true");
  EXPECT_THAT(value_of("[div(1, 0)]"), HasSubstr("in div()"));
  EXPECT_THAT(value_of("[add(9223372036854775807, 1)]"), HasSubstr("64 bits"));
}

TEST(TemplateExpressions, WhereTheDeploymentIs) {
  EXPECT_EQ(value_of("[resourceGroup().Location]"), R"("eastus")");
  EXPECT_EQ(value_of("[deployment().name]"), R"("first")");
  EXPECT_EQ(value_of("[variables('both')]"), R"("akl-x")");
  EXPECT_EQ(value_of("[variables('many')[2]]"), R"("n3")");
  EXPECT_EQ(value_of("[parameters('deep')['a'].B]"), R"("c")");
  const std::string group = "/subscriptions/00000000-0000-4000-8000-00000000000a/resourceGroups/net";
  EXPECT_EQ(value_of("[resourceId('Microsoft.Peering/peeringServices/prefixes', 'a', 'b')]"),
            "\"" + group + "/providers/Microsoft.Peering/peeringServices/a/prefixes/b\"");
  EXPECT_EQ(value_of("[resourceId('other', 'Microsoft.Peering/peerings', 'a')]"),
            R"("/subscriptions/00000000-0000-4000-8000-00000000000a/resourceGroups/other)"
            R"(/providers/Microsoft.Peering/peerings/a")");
  EXPECT_EQ(
      value_of("[subscriptionResourceId('Microsoft.Peering/peerAsns', 'a')]"),
      R"("/subscriptions/00000000-0000-4000-8000-00000000000a/providers/Microsoft.Peering/peerAsns/a")");
  EXPECT_EQ(value_of("[extensionResourceId('/x', 'Open.Peering/monitoring', 'default')]"),
            R"("/x/providers/Open.Peering/monitoring/default")");
  EXPECT_THAT(value_of("[resourceId('Microsoft.Peering/peeringServices', 'a', 'b')]"),
              HasSubstr("as many names"));
}

TEST(TemplateExpressions, UniqueTextsDependOnTheirArgumentsAlone) {
  const std::string one = value_of("[uniqueString('a', 'b')]");
  EXPECT_EQ(one.size(), 15U);
  EXPECT_EQ(one, value_of("[uniqueString('a', 'b')]"));
  EXPECT_NE(one, value_of("[uniqueString('ab')]"));
  EXPECT_NE(value_of("[guid('a')]"), value_of("[guid('b')]"));
  EXPECT_EQ(value_of("[guid('a')]").size(), 38U);
}

TEST(TemplateExpressions, MistakesNamePlaceAndRule) {
  EXPECT_THAT(value_of("[concat('a]"), HasSubstr("closing '"));
  EXPECT_THAT(value_of("[concat('a',)]"), HasSubstr("position 12"));
  EXPECT_THAT(value_of("[nothing('a')]"), HasSubstr("'nothing' is not known"));
  EXPECT_THAT(value_of("[toLower('a', 'b')]"), HasSubstr("2 arguments where 1 to 1"));
  EXPECT_THAT(value_of("[parameters('x')]"), HasSubstr("the template parameter 'x' is not found"));
  EXPECT_THAT(value_of("[variables('loop')]"), HasSubstr("refers to itself"));
  EXPECT_THAT(value_of("[parameters('deep').z]"), HasSubstr("there are: A"));
  EXPECT_THAT(value_of("[parameters('list')[3]]"), HasSubstr("outside the array"));
  EXPECT_THAT(value_of("[reference('a')]"), HasSubstr("outputs only"));
  EXPECT_THAT(value_of("[copyIndex()]"), HasSubstr("no copy"));
}

TEST(TemplateExpressions, TooMuchIsRefused) {
  std::string nested = "'a'";
  for (int i = 0; i < 100; ++i) nested = "concat(" + nested + ")";
  EXPECT_THAT(value_of("[" + nested + "]"), HasSubstr("deeper"));
  EXPECT_THAT(value_of("[range(0, 10001)]"), HasSubstr("10000"));
  json::object variables{{"v0", std::string(1000, 'x')}};
  for (int i = 1; i < 40; ++i) {
    variables["v" + std::to_string(i)] =
        fmt::format("[concat(variables('v{}'), variables('v{}'))]", i - 1, i - 1);
  }
  const Target where = target();
  const json::object none;
  Evaluator evaluator(where, none, variables);
  const auto doubled = evaluator.evaluate("[variables('v39')]", "x");
  ASSERT_FALSE(doubled);
  EXPECT_EQ(doubled.error().code, ErrorCode::limit_exceeded);
}

std::string with(const std::string& members) {
  return R"({"$schema":"https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
             "contentVersion":"1.0.0.0",)" +
         members + "}";
}

/// The template, planned; or the failure's message.
arm::Expected<std::unique_ptr<Template>> planned(const std::string& members,
                                                 const std::string& parameters = "{}") {
  auto out = Template::read(*parse_json(with(members)), *parse_json(parameters), target());
  if (!out) return out;
  if (auto done = (*out)->make_plan(); !done) return tl::unexpected(done.error());
  return out;
}

std::string message_of(const std::string& members, const std::string& parameters = "{}") {
  const auto out = planned(members, parameters);
  EXPECT_TRUE(out || out.error().code == "InvalidTemplate");
  return out ? "" : out.error().message;
}

std::vector<std::string> names_in_order(const Template& of) {
  std::vector<std::string> out;
  for (const std::size_t index : of.order()) out.push_back(of.plan()[index].name);
  return out;
}

constexpr const char* service = R"("type":"Microsoft.Peering/peeringServices","apiVersion":"2022-10-01")";
constexpr const char* prefix =
    R"("type":"Microsoft.Peering/peeringServices/prefixes","apiVersion":"2022-10-01")";

TEST(Templates, ParametersAreCheckedAndSecretsNotShown) {
  const std::string declared = R"("resources":[],"parameters":{"n":{"type":"int","minValue":1,"maxValue":9,
    "defaultValue":"[add(1,1)]"},"s":{"type":"securestring","minLength":3},"e":{"type":"string",
    "allowedValues":["a","b"],"defaultValue":"a"}})";
  const auto read = planned(declared, R"({"S":{"value":"hush"}})");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(
      json::serialize((*read)->shown_parameters()),
      R"({"n":{"type":"Int","value":2},"s":{"type":"SecureString"},"e":{"type":"String","value":"a"}})");
  EXPECT_THAT(message_of(declared), HasSubstr("parameter 's' is not provided"));
  EXPECT_THAT(message_of(declared, R"({"s":{"value":"ab"}})"), HasSubstr("minLength 3"));
  EXPECT_EQ(message_of(declared, R"({"s":{"value":"zz"}})").find("zz"), std::string::npos);
  EXPECT_THAT(message_of(declared, R"({"s":{"value":"abc"},"n":{"value":10}})"), HasSubstr("maxValue 9"));
  EXPECT_THAT(message_of(declared, R"({"s":{"value":"abc"},"n":{"value":"1"}})"),
              HasSubstr("not of the type Int"));
  EXPECT_THAT(message_of(declared, R"({"s":{"value":"abc"},"e":{"value":"c"}})"), HasSubstr("allowed value"));
  EXPECT_THAT(message_of(declared, R"({"s":{"value":"abc"},"z":{"value":1}})"),
              HasSubstr("'z' in the parameters file"));
}

TEST(Templates, ResourcesComeAfterWhatTheyNeed) {
  const auto plan = planned(fmt::format(
      R"("resources":[{{{1},"name":"a/p","dependsOn":["b",
      "[resourceId('Microsoft.Peering/peeringServices','c')]"]}},
      {{{0},"name":"a"}},{{{0},"name":"b","dependsOn":["c"]}},{{{0},"name":"c"}}])",
      service, prefix));
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_THAT(names_in_order(**plan), ElementsAre("a", "c", "b", "a/p"));
  EXPECT_THAT(message_of(fmt::format(R"("resources":[{{{0},"name":"a","dependsOn":["b"]}},
                                     {{{0},"name":"b","dependsOn":["a"]}}])",
                                     service)),
              HasSubstr("circular dependency"));
  EXPECT_THAT(message_of(fmt::format(R"("resources":[{{{0},"name":"a","dependsOn":["z"]}}])", service)),
              HasSubstr("'z', which 'resources[0]' depends on"));
}

TEST(Templates, NestedConditionalAndCopiedResources) {
  const auto plan = planned(fmt::format(
      R"("resources":[{{{0},"name":"[concat('s', copyIndex(1))]","copy":{{"name":"all","count":2}},
      "resources":[{{"type":"prefixes","apiVersion":"2022-10-01",
      "name":"[format('p{{0}}', copyIndex())]"}}]}},
      {{{0},"name":"gone","condition":"[equals(1,2)]",
      "resources":[{{"type":"prefixes","apiVersion":"2022-10-01","name":"x"}}]}},
      {{{0},"name":"last","dependsOn":["all","gone"]}}])",
      service));
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_THAT(names_in_order(**plan), ElementsAre("s1", "s1/p0", "s2", "s2/p1", "last"));
  EXPECT_EQ((*plan)->plan()[1].id,
            target().scope() + "/providers/Microsoft.Peering/peeringServices/s1/prefixes/p0");
}

TEST(Templates, SymbolicNames) {
  const auto plan = planned(fmt::format(
      R"("languageVersion":"2.0","resources":{{"second":{{{0},"name":"b","dependsOn":["first"]}},
      "first":{{{0},"name":"a","existing":true}}}})",
      service));
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_THAT(names_in_order(**plan), ElementsAre("a", "b"));
  EXPECT_TRUE((*plan)->plan()[1].exists);
}

TEST(Templates, BodiesAreEvaluatedWithTheirCopies) {
  const auto plan = planned(fmt::format(
      R"("resources":[{{{0},"name":"a","location":"[resourceGroup().location]",
      "tags":{{"k":"[[v]"}},"properties":{{"copy":[{{"name":"list","count":2,
      "input":{{"i":"[copyIndex('list')]"}}}}],"of":"[reference('b').x]"}}}},
      {{{0},"name":"b"}}])",
      service));
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_THAT(names_in_order(**plan), ElementsAre("b", "a")) << "reference makes an order";
  const auto body = (*plan)->body_of(
      (*plan)->plan()[0],
      [](const std::string& name, bool) -> Result<json::value> { return json::object{{"x", "of " + name}}; });
  ASSERT_TRUE(body) << body.error().message;
  EXPECT_EQ(
      json::serialize(*body),
      R"({"location":"eastus","tags":{"k":"[v]"},"properties":{"list":[{"i":0},{"i":1}],"of":"of b"}})");
}

TEST(Templates, OutputsTellWhatWasMadeButNoSecrets) {
  const auto plan = planned(
      R"("resources":[],"outputs":{"a":{"type":"string","value":"[deployment().name]"},
      "s":{"type":"securestring","value":"x"},"no":{"type":"int","value":1,"condition":false},
      "l":{"type":"array","copy":{"count":2,
      "input":"[copyIndex('value')]"}}})");
  ASSERT_TRUE(plan) << plan.error().message;
  const auto outputs = (*plan)->outputs(nullptr);
  ASSERT_TRUE(outputs) << outputs.error().message;
  EXPECT_EQ(json::serialize(*outputs),
            R"({"a":{"type":"String","value":"first"},"s":{"type":"SecureString"},)"
            R"("l":{"type":"Array","value":[0,1]}})");
}

TEST(Templates, MistakesNameThePath) {
  EXPECT_THAT(message_of(R"("resources":[],"resuorces":[])"), HasSubstr("'resuorces'"));
  EXPECT_THAT(message_of(R"("variables":{})"), HasSubstr("'resources' is missing"));
  EXPECT_THAT(message_of(R"("resources":[{"type":"Microsoft.Peering/peeringServices","name":"a"}])"),
              HasSubstr("'resources[0].apiVersion' is missing"));
  EXPECT_THAT(message_of(fmt::format(R"("resources":[{{{0},"name":"a/b"}}])", service)),
              HasSubstr("resources[0]"));
  EXPECT_THAT(message_of(fmt::format(R"("resources":[{{{0},"name":"[bad('x')]"}}])", service)),
              HasSubstr("at 'resources[0].name'"));
  EXPECT_THAT(message_of(fmt::format(R"("resources":[{{{0},"name":"a"}},{{{0},"name":"A"}}])", service)),
              HasSubstr("more than once"));
  EXPECT_THAT(
      message_of(fmt::format(R"("resources":[{{{0},"name":"a","scope":"/subscriptions/x"}}])", service)),
      HasSubstr("outside the deployment's"));
  EXPECT_THAT(message_of(fmt::format(R"("resources":[{{{0},"name":"[concat('a',copyIndex())]",
                                     "copy":{{"name":"c","count":801}}}}])",
                                     service)),
              HasSubstr("from 0 to 800"));
}

}  // namespace
}  // namespace peering::api::tmpl
