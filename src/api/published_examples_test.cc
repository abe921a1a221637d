// The published examples of Microsoft.Peering, sent as they stand: what is answered holds what they show.
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>

#include <gmock/gmock.h>

#include "api/api_fixture.h"

namespace peering::api {
namespace {

std::string contract_folder() {
  const char* given = std::getenv("PEERING_SHARED");
  const std::string shared = given ? given : PEERING_SOURCE_DIR "/../shared";
  return shared + "/contract/openapi/Microsoft.Peering/stable/";
}

/// Null when there is no such file.
json::value read_document(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  auto out = parse_json(text);
  return out ? *out : json::value();
}

/// Every member and item of `shown` is in `answered`, which may have more members.
bool holds(const json::value& answered, const json::value& shown) {
  if (shown.is_object()) {
    return answered.is_object() && std::ranges::all_of(shown.get_object(), [&](const auto& member) {
             const json::value* own = answered.get_object().if_contains(member.key());
             return own && holds(*own, member.value());
           });
  }
  if (!shown.is_array()) return answered == shown;
  if (!answered.is_array() || answered.get_array().size() != shown.get_array().size()) return false;
  return std::ranges::equal(answered.get_array(), shown.get_array(), holds);
}

void replace_all(std::string& text, std::string_view what, std::string_view by) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
}

struct Example {
  std::string operation;
  http::Method method = http::Method::get;
  std::string target, body;
  json::object responses;
};

class PublishedExamples : public ApiFixture {
 protected:
  void SetUp() override {
    if (read_document(contract_folder() + "2022-10-01/peering.json").is_null()) {
      GTEST_SKIP() << "skipped: no shared data";
    }
  }

  static json::value example_body(const std::string& version, std::string_view name) {
    const std::string path = fmt::format("{}{}/examples/{}.json", contract_folder(), version, name);
    return read_document(path).at("responses").at("200").at("body");
  }

  /// The examples' locations and prefixes as an operator would write them.
  static CatalogPointer catalogue_of(const std::string& version) {
    std::map<std::string, json::object> metros;
    json::array offers;
    const auto without_link = [](json::array items) {
      for (json::value& item : items) item.as_object().erase("peeringDBFacilityLink");
      return items;
    };
    for (const std::string kind : {"Direct", "Exchange"}) {
      const std::string inner = kind == "Direct" ? "direct" : "exchange";
      const json::value body = example_body(version, fmt::format("List{}PeeringLocations", kind));
      for (const json::value& each : body.at("value").as_array()) {
        const json::value& properties = each.at("properties");
        json::object& metro = metros[*find_string(each, "name")];
        metro["country"] = properties.at("country");
        metro[kind == "Direct" ? "facilities" : "exchanges"] =
            without_link(properties.at(inner).at("peeringFacilities").as_array());
        if (kind == "Direct") offers = properties.at(inner).at("bandwidthOffers").as_array();
      }
    }
    json::array prefixes;
    const json::value cdn = example_body(version, "ListCdnPeeringPrefixes");
    for (const json::value& each : cdn.at("value").as_array()) {
      prefixes.push_back(each.at("properties"));
    }
    metros["peeringLocation0"] = json::object{{"country", "country0"}, {"cdnPrefixes", prefixes}};
    json::array list;
    for (auto& [name, metro] : metros) {
      metro["name"] = name;
      metro["latitude"] = metro["longitude"] = 0;
      list.push_back(metro);
    }
    const json::object state{{"name", "peeringServiceLocation1"}, {"latitude", 0}, {"longitude", 1}};
    const json::object provider{{"name", "peeringServiceProvider1"},
                                {"metros", json::array{"peeringLocation1"}}};
    const json::object out{
        {"countries", json::array{json::object{{"name", "country1"}, {"states", json::array{state}}}}},
        {"providers", json::array{provider}},
        {"metros", list},
        {"bandwidthOffers", offers}};
    const auto read = parse_catalog(json::serialize(out));
    EXPECT_TRUE(read) << read.error().message;
    return std::make_shared<const Catalog>(*read);
  }

  /// The request that an operation's example makes.
  static Example make_example(const std::string& path, const std::string& method,
                              const json::value& operation, const json::value& document) {
    const json::value& given = document.at("parameters");
    Example out;
    out.operation = *find_string(operation, "operationId");
    out.method = method == "put"      ? http::Method::put
                 : method == "delete" ? http::Method::delete_
                 : method == "post"   ? http::Method::post
                                      : http::Method::get;
    out.target = path;
    std::string query = "?api-version=" + *find_string(given, "api-version");
    for (const auto& member : given.as_object()) {
      const std::string name(member.key());
      const std::string text =
          member.value().is_string() ? std::string(member.value().get_string()) : std::string();
      if (member.value().is_object()) {
        out.body = json::serialize(member.value());
      } else if (path.find("{" + name + "}") != std::string::npos) {
        replace_all(out.target, "{" + name + "}", text);
      } else if (name != "api-version") {
        query += fmt::format("&{}={}", name, text);
      }
    }
    std::string responses = json::serialize(document.at("responses"));
    replace_all(responses, "/subscriptions/subId", sub_a);
    replace_all(out.target, "/subscriptions/subId", sub_a);
    out.target += query;
    out.responses = parse_json(responses)->as_object();
    return out;
  }

  static std::vector<Example> examples_of(const std::string& version) {
    static const std::set<std::string> operations = {"Operations_List",
                                                     "PeeringLocations_List",
                                                     "LegacyPeerings_List",
                                                     "CdnPeeringPrefixes_List",
                                                     "CheckServiceProviderAvailability",
                                                     "ConnectionMonitorTests_Get",
                                                     "ConnectionMonitorTests_CreateOrUpdate",
                                                     "ConnectionMonitorTests_Delete",
                                                     "ConnectionMonitorTests_ListByPeeringService",
                                                     "PeeringServices_InitializeConnectionMonitor",
                                                     "InitializeConnectionMonitor"};
    const std::string folder = contract_folder() + version + "/";
    std::vector<Example> out;
    const json::value contract = read_document(folder + "peering.json");
    for (const auto& path : contract.at("paths").as_object()) {
      for (const auto& method : path.value().as_object()) {
        const json::value* examples = find(method.value(), "x-ms-examples");
        const auto id = find_string(method.value(), "operationId");
        if (!examples || !id || !operations.contains(*id)) continue;
        for (const auto& example : examples->as_object()) {
          const json::value document = read_document(folder + *find_string(example.value(), "$ref"));
          out.push_back(
              make_example(std::string(path.key()), std::string(method.key()), method.value(), document));
        }
      }
    }
    return out;
  }

  /// What the example takes for granted.
  void prepare(const Example& example) {
    const std::string service = service_path("peeringServiceName", sub_a, "rgName");
    make_group(sub_a, "rgName");
    remove(service);
    ASSERT_EQ(put(service, R"({"location":"eastus"})").status, 201);
    const std::string test = service + "/connectionMonitorTests/connectionMonitorTestName";
    const std::string body = R"({"properties":{"sourceAgent":"Example Source Agent",
        "destination":"Example Destination","destinationPort":443,"testFrequencyInSec":30}})";
    if (example.operation.ends_with("_ListByPeeringService")) {
      put(test + "1", body);
      put(test + "2", body);
    } else if (example.method != http::Method::put) {
      put(test, body);
    }
  }

  void expect_answer(const Example& example, std::string_view status) {
    const Reply reply = send(request(example.method, example.target, example.body));
    EXPECT_EQ(std::to_string(reply.status), status) << example.target << reply.text;
    const json::value* body = find(example.responses.at(status), "body");
    // Legacy peerings are none here.
    if (!body || example.operation == "LegacyPeerings_List") return;
    EXPECT_TRUE(holds(reply.body, *body)) << example.operation << "\n" << reply.text << "\n" << *body;
  }
};

TEST_F(PublishedExamples, AreAnsweredAsTheyShow) {
  for (const std::string version : {"2022-10-01", "2025-05-01"}) {
    catalog = catalogue_of(version);
    const std::vector<Example> examples = examples_of(version);
    EXPECT_EQ(examples.size(), 11U) << version;
    for (const Example& example : examples) {
      prepare(example);
      // First what changes something, then the same again.
      for (const std::string_view status : {"201", "200", "204"}) {
        if (example.responses.contains(status)) expect_answer(example, status);
      }
    }
  }
}

}  // namespace
}  // namespace peering::api
