#include "app/registry_watcher.h"

#include <atomic>
#include <future>

#include <gtest/gtest.h>

#include "api/documents.h"
#include "store/memory/resource_store.h"

namespace peering::app {
namespace {

const std::string watched_service =
    "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/g/providers/Microsoft.Peering/"
    "peeringServices/C";

store::Write write(const std::string& id, std::string_view type, std::optional<json::value> document) {
  store::Write out;
  out.key = model::lower(id);
  out.type = type;
  if (document) out.document = json::serialize(*document);
  return out;
}

store::Write service_document() {
  return write(watched_service, api::peering_service_type,
               json::value{{"id", watched_service},
                           {"name", "C"},
                           {"location", "eastus"},
                           {"properties",
                            {{"peeringServiceLocation", "Washington"}, {"peeringServiceProvider", "X"}}}});
}

store::Write prefix_document(const std::string& name, const std::string& prefix) {
  const std::string id = watched_service + "/prefixes/" + name;
  return write(id, api::prefix_type,
               json::value{{"id", id}, {"name", name}, {"properties", {{"prefix", prefix}}}});
}

struct WatcherTest : testing::Test {
  std::unique_ptr<store::ResourceStore> resources = store::make_memory_resource_store();
  Metrics metrics;
  std::atomic<int> applied{0};
  RegistryWatcher watcher{*resources, metrics, [this](model::RegistryPointer) { ++applied; }};

  model::Revision commit(std::vector<store::Write> writes) {
    const auto revision = resources->commit(writes);
    EXPECT_TRUE(revision) << revision.error().message;
    watcher.wake();
    return *revision;
  }
};

TEST_F(WatcherTest, WhatWasThereBeforeTheStartIsInForceAfterIt) {
  const store::Write writes[] = {service_document(), prefix_document("a", "203.0.113.0/24")};
  ASSERT_TRUE(resources->commit(writes));
  ASSERT_TRUE(watcher.start());
  EXPECT_EQ(watcher.current()->prefixes.size(), 1U);
  EXPECT_EQ(watcher.current()->connections.begin()->second->provider, "X");
  EXPECT_EQ(applied, 1);
}

TEST_F(WatcherTest, ACommitIsInForceWhenItsRevisionIs) {
  ASSERT_TRUE(watcher.start());
  const auto revision = commit({service_document(), prefix_document("a", "203.0.113.0/24")});
  ASSERT_TRUE(watcher.wait_applied(revision));
  const auto registry = watcher.current();
  ASSERT_NE(registry->watch.exact(net::Prefix::parse("203.0.113.0/24").value()), nullptr);
  const auto gone = commit({write(watched_service + "/prefixes/a", api::prefix_type, std::nullopt)});
  ASSERT_TRUE(watcher.wait_applied(gone));
  EXPECT_TRUE(watcher.current()->prefixes.empty());
  EXPECT_TRUE(watcher.current()->watch.empty());
  EXPECT_EQ(registry->prefixes.size(), 1U) << "an old snapshot does not change";
}

TEST_F(WatcherTest, MonitoringSettingsBelongToTheirPrefix) {
  ASSERT_TRUE(watcher.start());
  const std::string id = watched_service + "/prefixes/a";
  commit({service_document(), prefix_document("a", "203.0.113.0/24")});
  const auto revision = commit({write(id + "/providers/Open.Peering/monitoring/default", api::monitoring_type,
                                      json::value{{"properties", {{"asn", json::array{64500}}}}})});
  ASSERT_TRUE(watcher.wait_applied(revision));
  const auto prefix = watcher.current()->prefixes.begin()->second;
  EXPECT_TRUE(prefix->expectation.allows_origin(64500));
  EXPECT_FALSE(prefix->expectation.allows_origin(64501));
}

TEST_F(WatcherTest, MonitoringSettingsOutliveANewVersionOfTheirPrefixAndComeBackWithARestart) {
  ASSERT_TRUE(watcher.start());
  const std::string id = watched_service + "/prefixes/a";
  const std::string settings = id + "/providers/Open.Peering/monitoring/default";
  const json::value expected{{"properties", {{"asn", json::array{64500}}}}};
  commit({service_document(), prefix_document("a", "203.0.113.0/24")});
  commit({write(settings, api::monitoring_type, expected)});
  ASSERT_TRUE(watcher.wait_applied(commit({prefix_document("a", "203.0.113.0/24")})));
  EXPECT_FALSE(watcher.current()->prefixes.begin()->second->expectation.allows_origin(64501));

  // Who starts now reads the settings, which are older, before the prefix.
  RegistryWatcher later(*resources, metrics, [](model::RegistryPointer) {});
  ASSERT_TRUE(later.start());
  EXPECT_TRUE(model::difference(*later.current(), *watcher.current()).prefixes.empty());
  EXPECT_FALSE(later.current()->prefixes.begin()->second->expectation.allows_origin(64501));

  ASSERT_TRUE(watcher.wait_applied(commit({write(settings, api::monitoring_type, std::nullopt)})));
  EXPECT_TRUE(watcher.current()->prefixes.begin()->second->expectation.allows_origin(64501));
}

TEST_F(WatcherTest, AsesThatAConnectionWatchesOutliveANewVersionOfItAndARestart) {
  ASSERT_TRUE(watcher.start());
  const std::string settings = watched_service + "/providers/Open.Peering/monitoring/default";
  const json::value asns{json::object{{"asn", 64500}}};
  commit({service_document(),
          write(settings, api::monitoring_type, json::value{{"properties", {{"asns", asns}}}})});
  ASSERT_TRUE(watcher.wait_applied(commit({service_document()})));
  const auto watched = [](const RegistryWatcher& of) {
    return model::to_json(of.current()->connections.begin()->second->asns);
  };
  EXPECT_EQ(watched(watcher), asns);
  RegistryWatcher later(*resources, metrics, [](model::RegistryPointer) {});
  ASSERT_TRUE(later.start());
  EXPECT_EQ(watched(later), asns);
  ASSERT_TRUE(watcher.wait_applied(commit({write(settings, api::monitoring_type, std::nullopt)})));
  EXPECT_TRUE(watched(watcher).empty());
}

TEST_F(WatcherTest, SettingsOfADeletedPrefixAreNotThoseOfTheNextOne) {
  ASSERT_TRUE(watcher.start());
  const std::string id = watched_service + "/prefixes/a";
  const std::string settings = id + "/providers/Open.Peering/monitoring/default";
  commit({service_document(), prefix_document("a", "203.0.113.0/24"),
          write(settings, api::monitoring_type, json::value{{"properties", {{"asn", json::array{64500}}}}})});
  commit({write(id, api::prefix_type, std::nullopt), write(settings, api::monitoring_type, std::nullopt)});
  ASSERT_TRUE(watcher.wait_applied(commit({prefix_document("a", "203.0.113.0/24")})));
  EXPECT_TRUE(watcher.current()->prefixes.begin()->second->expectation.allows_origin(64501));
}

TEST_F(WatcherTest, WhatCannotBeReadLeavesWhatIsInForce) {
  const std::string id = watched_service + "/prefixes/a";
  const std::string settings = id + "/providers/Open.Peering/monitoring/default";
  const json::value expected{{"properties", {{"asn", json::array{64500}}}}};
  const json::value useless{{"properties", {{"asn", "some"}}}};
  ASSERT_TRUE(watcher.start());
  const auto in_force = [&] {
    const auto found = watcher.current()->prefixes.find(model::lower(id));
    return found == watcher.current()->prefixes.end() ? nullptr : found->second;
  };
  const auto expects_64500 = [&] {
    return in_force() && in_force()->expectation.allows_origin(64500) &&
           !in_force()->expectation.allows_origin(64501) &&
           watcher.current()->watch.exact(net::Prefix::parse("203.0.113.0/24").value()) != nullptr;
  };
  commit({service_document(), prefix_document("a", "203.0.113.0/24")});
  ASSERT_TRUE(watcher.wait_applied(commit({write(settings, api::monitoring_type, expected)})));
  ASSERT_TRUE(expects_64500());
  store::Write damaged = prefix_document("a", "203.0.113.0/24");
  damaged.document = "{";
  for (const store::Write& bad :
       {write(settings, api::monitoring_type, useless), prefix_document("a", "no prefix"), damaged}) {
    ASSERT_TRUE(watcher.wait_applied(commit({bad})));
    EXPECT_TRUE(expects_64500()) << *bad.document;
  }
  ASSERT_TRUE(watcher.wait_applied(commit({prefix_document("a", "203.0.113.0/24")})));
  EXPECT_TRUE(expects_64500()) << "what came with the settings that cannot be used";

  // Who starts now has no settings from before: the prefix is watched, and expects nothing in particular.
  RegistryWatcher later(*resources, metrics, [](model::RegistryPointer) {});
  ASSERT_TRUE(later.start());
  ASSERT_EQ(later.current()->prefixes.size(), 1U);
  EXPECT_TRUE(later.current()->prefixes.begin()->second->expectation.allows_origin(64501));
  ASSERT_TRUE(watcher.wait_applied(commit({write(settings, api::monitoring_type, std::nullopt)})));
  EXPECT_TRUE(in_force()->expectation.allows_origin(64501));
}

TEST(RegistryWatcherTest, NobodyWaitsLongerForShardsThatAreBusy) {
  const auto resources = store::make_memory_resource_store();
  Metrics metrics;
  std::promise<void> idle;
  RegistryWatcher watcher(*resources, metrics,
                          [until = idle.get_future().share()](model::RegistryPointer) { until.wait(); });
  ASSERT_TRUE(watcher.start());
  const store::Write writes[] = {service_document()};
  const auto revision = resources->commit(writes);
  std::promise<bool> late;
  watcher.when_applied(*revision, [&](const Result<void>& in_force) {
    late.set_value(!in_force && in_force.error().code == ErrorCode::timeout);
  });
  watcher.wake();
  EXPECT_TRUE(late.get_future().get());
  idle.set_value();
}

TEST_F(WatcherTest, WhoWaitsIsCalledWhenHisRevisionIsInForce) {
  ASSERT_TRUE(watcher.start());
  const auto revision = commit({service_document(), prefix_document("a", "203.0.113.0/24")});
  std::promise<std::size_t> prefixes;
  watcher.when_applied(revision, [&](const Result<void>& in_force) {
    prefixes.set_value(in_force ? watcher.current()->prefixes.size() : 0);
  });
  EXPECT_EQ(prefixes.get_future().get(), 1U);
  std::promise<bool> never;
  watcher.when_applied(model::Revision(revision.value + 1),
                       [&](const Result<void>& in_force) { never.set_value(!in_force); });
  watcher.stop();
  EXPECT_TRUE(never.get_future().get()) << "told at the end at the latest";
}

}  // namespace
}  // namespace peering::app
