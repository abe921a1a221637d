// What connections monitor, as the registry changes.
#include "detect/monitored_as.h"

#include <random>
#include <set>

#include <gmock/gmock.h>

#include "detect/detect_fixture.h"
#include "detect/incidents.h"

namespace peering::detect {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

model::MonitoredAsList list_of(std::string_view text) {
  return model::monitored_ases_from_json(*parse_json(text)).value();
}

const std::string tenant_a = "/subscriptions/A/resourceGroups/g/providers/Microsoft.Peering/peeringServices/";
const std::string tenant_b = "/subscriptions/B/resourceGroups/g/providers/Microsoft.Peering/peeringServices/";

model::Connection connection_watching(const std::string& id, std::string_view asns) {
  model::Connection out;
  out.resource = id;
  out.asns = list_of(asns);
  return out;
}

TEST(MonitoredAsesOfConnections, AreReplacedAndTellWhatIsDifferent) {
  MonitoredAses ases;
  const auto before = connection_watching("/C", R"([{"asn":1},{"asn":2,"upstreams":[7]},{"asn":3}])");
  EXPECT_THAT(ases.replace("/c", {}, &before), ElementsAre(1, 2, 3));
  const auto after = connection_watching("/C", R"([{"asn":3},{"asn":2,"upstreams":[8]},{"asn":4}])");
  EXPECT_THAT(ases.replace("/c", before.asns, &after), ElementsAre(1, 2, 4));
  EXPECT_FALSE(ases.has(net::Asn{1}));
  EXPECT_TRUE(ases.has("/C/providers/Open.Peering/asns/2"));
  EXPECT_FALSE(ases.has("/C/providers/Open.Peering/asns/1"));
  EXPECT_FALSE(ases.has("/C/prefixes/site"));
  EXPECT_THAT(ases.replace("/c", after.asns, nullptr), ElementsAre(2, 3, 4));
  EXPECT_TRUE(ases.empty());
}

TEST(MonitoredAsesOfConnections, LeaveThoseOfOthersAndOfTheConfiguration) {
  MonitoredAses ases;
  MonitoredAs configured;
  configured.asn = 64500;
  configured.connection = "/D";
  ases.add(configured);
  const auto c = connection_watching("/C", R"([{"asn":64500}])"),
             d = connection_watching("/D", R"([{"asn":64500}])");
  ases.replace("/c", {}, &c);
  ases.replace("/d", {}, &d);
  ases.replace("/c", c.asns, nullptr);
  EXPECT_FALSE(ases.has("/C/providers/Open.Peering/asns/64500"));
  ases.replace("/d", d.asns, nullptr);
  EXPECT_TRUE(ases.has("/D/providers/Open.Peering/asns/64500")) << "the configuration's";
}

TEST(MonitoredAsesOfConnections, AreFoundWhateverCameAndWent) {
  std::mt19937 random(5);
  MonitoredAses ases;
  std::vector<model::Connection> now(20);
  for (int round = 0; round < 400; ++round) {
    model::Connection& one = now[random() % now.size()];
    one.resource = fmt::format("/c{}", &one - now.data());
    json::array entries;
    const std::size_t count = random() % 300;
    std::set<std::uint32_t> numbers;
    while (numbers.size() < count) numbers.insert(1 + static_cast<std::uint32_t>(random() % 9000));
    for (const std::uint32_t asn : numbers) entries.push_back(json::object{{"asn", asn}});
    const model::MonitoredAsList before = one.asns;
    one.asns = model::monitored_ases_from_json(entries).value();
    ases.replace(one.resource, before, &one);
  }
  std::set<net::Asn> expected;
  for (const model::Connection& one : now) {
    if (!one.asns.entries) continue;
    for (const auto& as : *one.asns.entries) expected.insert(as.asn);
  }
  EXPECT_EQ(ases.size(), expected.size());
  for (net::Asn asn = 0; asn < 10'000; ++asn) EXPECT_EQ(ases.has(asn), expected.contains(asn)) << asn;
}

class MonitoredByTenants : public testing::Test {
 protected:
  void set(const std::string& id, std::string_view asns) {
    auto next = std::make_shared<model::Registry>(*registry);
    auto connection = std::make_shared<model::Connection>(connection_watching(id, asns));
    next->connections[model::lower(id)] = connection;
    put(next);
  }
  void erase(const std::string& id) {
    auto next = std::make_shared<model::Registry>(*registry);
    next->connections.erase(model::lower(id));
    put(next);
  }
  void add_prefix(const std::string& connection, std::string_view prefix) {
    auto next = std::make_shared<model::Registry>(*registry);
    auto entry = std::make_shared<model::RegisteredPrefix>();
    entry->resource = connection + "/prefixes/p";
    entry->connection = connection;
    entry->expectation.prefix = p(prefix);
    entry->expectation.any_origin = true;
    next->prefixes[entry->resource.str()] = entry;
    next->watch[p(prefix)].push_back(entry);
    put(next);
  }
  void put(model::RegistryPointer next) {
    registry = std::move(next);
    std::vector<model::Event> out;
    detector.registry_changed(registry, table, now(), out);
    note(out);
  }
  void announce(std::vector<net::Asn> path, std::string_view prefix = "198.51.100.0/24") {
    auto attributes = std::make_shared<wire::bgp::PathAttributes>();
    attributes->as_path = wire::bgp::AsPath::sequence(std::move(path));
    std::vector<model::Event> out;
    detector.route_changed({p(prefix), peer, nullptr, attributes, now()}, table, now(), out);
    note(out);
  }
  void note(const std::vector<model::Event>& events) {
    for (const model::Event& event : events) {
      if (event.monitored) {
        told.push_back(
            fmt::format("{} {} {}", event.connection, to_string(event.kind), to_string(event.state)));
      }
    }
  }
  static rib::PeerPointer made() {
    auto out = std::make_shared<rib::Peer>();
    out->id = rib::PeerId(1);
    out->key.router = "edge-1";
    out->asn = 64496;
    return out;
  }

  rib::PeerPointer peer = made();
  rib::Table table;
  Detector detector;
  model::RegistryPointer registry = std::make_shared<const model::Registry>();
  std::vector<std::string> told;
  const std::string a = tenant_a + "one", b = tenant_b + "two";
};

TEST_F(MonitoredByTenants, EachHasItsOwnListAndItsOwnEvent) {
  set(a, R"([{"asn":64500,"upstreams":[64497]}])");
  set(b, R"([{"asn":64500,"upstreams":[64498]}])");
  announce({64496, 64499, 64500, 64511});
  EXPECT_THAT(told, ElementsAre(a + " path-unexpected-upstream open", b + " path-unexpected-upstream open"));
  told.clear();
  announce({64496, 64498, 64500, 64511});
  EXPECT_THAT(told, testing::UnorderedElementsAre(a + " path-unexpected-upstream open",
                                                  a + " path-unexpected-upstream resolved",
                                                  b + " path-unexpected-upstream resolved"));
}

TEST_F(MonitoredByTenants, AnEntryThatIsGoneEndsItsEventsAndOnlyThose) {
  set(a, R"([{"asn":64500,"upstreams":[]}])");
  set(b, R"([{"asn":64500,"upstreams":[]}])");
  announce({64496, 64499, 64500, 64511});
  told.clear();
  set(a, "[]");
  EXPECT_THAT(told, ElementsAre(a + " path-unexpected-upstream resolved"));
  told.clear();
  erase(b);
  EXPECT_THAT(told, ElementsAre(b + " path-unexpected-upstream resolved"));
  announce({64496, 64510, 64500, 64511});
  EXPECT_THAT(told, testing::SizeIs(1)) << "nobody watches it";
}

TEST_F(MonitoredByTenants, WhatIsRegisteredElsewhereIsNoReasonToBeSilent) {
  set(a, R"([{"asn":64500}])");
  set(b, R"([{"asn":64500}])");
  add_prefix(b, "198.51.100.0/24");
  announce({64496, 64500});
  EXPECT_THAT(told, ElementsAre(a + " as-announces-unregistered open"));
  told.clear();
  announce({64496, 64500}, "198.51.0.0/16");
  EXPECT_THAT(told,
              ElementsAre(a + " as-announces-unregistered open", b + " as-announces-unregistered open"));
}

TEST_F(MonitoredByTenants, AListThatMeetsHalfTheInternetIsToldInParts) {
  set(a, R"([{"asn":64500,"upstreams":[],"downstreams":[64511]}])");
  set(b, R"([{"asn":64501,"upstreams":[]}])");
  for (std::uint32_t i = 0; i < monitored_findings_max + 10; ++i) {
    announce({64496, 64499, 64500, 64511}, fmt::format("10.{}.{}.0/24", i / 256, i % 256));
  }
  EXPECT_EQ(told.size(), monitored_findings_max);
  EXPECT_EQ(detector.findings_left_out(), 10U);
  told.clear();
  announce({64496, 64499, 64501, 64511}, "11.0.0.0/24");
  EXPECT_THAT(told, ElementsAre(b + " path-unexpected-upstream open")) << "others have places of their own";
  announce({64496, 64511}, "10.0.0.0/24");
  told.clear();
  announce({64496, 64499, 64500, 64511}, "11.0.1.0/24");
  EXPECT_THAT(told, ElementsAre(a + " path-unexpected-upstream open")) << "one that is over leaves its place";
}

}  // namespace
}  // namespace peering::detect
