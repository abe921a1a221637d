// What every ResourceStore must do. Instantiated by each implementation's `_test.cc`; the memory store is
// the oracle for random sequences of operations.
#pragma once

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/conformance/backend.h"
#include "store/conformance/own_child.h"
#include "store/memory/resource_store.h"
#include "store/resource_store.h"

namespace peering::store::conformance {

inline Write put(std::string key, std::string document, std::string unique = "") {
  return {std::move(key), "service", std::move(document), Condition::any, "", std::move(unique)};
}
inline Write put_if(Condition condition, std::string key, std::string etag = "") {
  return {std::move(key), "service", "{}", condition, std::move(etag), ""};
}
inline Write remove(std::string key, Condition condition = Condition::any) {
  return {std::move(key), "service", std::nullopt, condition, "", ""};
}
inline Result<Revision> commit_one(ResourceStore& store, const Write& write) {
  return store.commit(std::span(&write, 1));
}
inline std::vector<std::string> keys_of(const std::vector<Resource>& resources) {
  std::vector<std::string> out;
  for (const Resource& each : resources) out.push_back(each.key);
  return out;
}

/// The stores' `Trace`.
inline std::string tell_gone(std::string_view trace, const Resource& gone) {
  return fmt::format("{} {} {}", gone.key, trace, gone.document);
}
inline Write remove_whole(std::string key, std::string trace) {
  Write out = remove(std::move(key), Condition::present);
  out.reach = Reach::subtree;
  out.at = time_from_us(7);
  out.trace = std::move(trace);
  return out;
}
/// "/large" and so many below it, their unique values too.
inline constexpr std::size_t large = 1100;
inline void put_large(ResourceStore& store) {
  std::vector<Write> writes{put("/large", "{}"), put("/larger", "{}")};
  for (std::size_t i = 0; i < large; ++i) {
    writes.push_back(put(fmt::format("/large/{}", i), std::to_string(i), fmt::format("value {}", i)));
  }
  ASSERT_TRUE(store.commit(writes));
}
inline std::size_t count_of(ResourceStore& store, std::string below) {
  return store.list({"service", std::move(below), "", 10 * large}).value().size();
}

inline Write entry(std::string key, std::int64_t at_us, std::string document = "{}") {
  Write out = put(std::move(key), std::move(document));
  out.reach = Reach::append;
  out.at = time_from_us(at_us);
  return out;
}
inline std::vector<std::string> documents_of(const LogPage& page) {
  std::vector<std::string> out;
  for (const LogEntry& each : page.entries) out.push_back(each.document);
  return out;
}

template <class Backend>
class ResourceStoreConformance : public ::testing::Test {
 protected:
  void SetUp() override { open(); }
  void open() {
    store_.reset();
    auto opened = Backend::open(folder_.path());
    ASSERT_TRUE(opened.has_value()) << opened.error().message;
    store_ = std::move(*opened);
  }
  ResourceStore& store() { return *store_; }

  TemporaryFolder folder_;
  std::unique_ptr<ResourceStore> store_;
};
TYPED_TEST_SUITE_P(ResourceStoreConformance);

TYPED_TEST_P(ResourceStoreConformance, GivesWhatWasPut) {
  const auto revision = commit_one(this->store(), put("/a", R"({"x":1})"));
  ASSERT_TRUE(revision.has_value()) << revision.error().message;
  const auto read = this->store().get("/a").value();
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->document, R"({"x":1})");
  EXPECT_EQ(read->type, "service");
  EXPECT_EQ(read->revision, *revision);
  EXPECT_FALSE(read->etag.empty());
  EXPECT_FALSE(this->store().get("/b").value().has_value());
}

TYPED_TEST_P(ResourceStoreConformance, WhatIsAtHandIsWhatIsThere) {
  ResourceStore& store = this->store();
  const auto is_true = [&](const char* key) {
    const auto read = store.get(key).value();
    const auto at_hand = store.revision_at_hand(key);
    return !at_hand || (read && read->revision == *at_hand);
  };
  EXPECT_FALSE(store.revision_at_hand("/a"));
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(commit_one(store, put("/a", "{}")));
    EXPECT_TRUE(is_true("/a"));
    EXPECT_TRUE(is_true("/a")) << "also when it was read before";
    EXPECT_TRUE(store.revision_at_hand("/a"));
  }
  ASSERT_TRUE(commit_one(store, remove("/a")));
  EXPECT_FALSE(store.revision_at_hand("/a"));
  EXPECT_TRUE(is_true("/a"));
  EXPECT_FALSE(store.revision_at_hand("/a"));
}

TYPED_TEST_P(ResourceStoreConformance, EveryWriteChangesTheEtag) {
  ASSERT_TRUE(commit_one(this->store(), put("/a", "{}")));
  const std::string before = this->store().get("/a").value()->etag;
  ASSERT_TRUE(commit_one(this->store(), put("/a", "{}")));
  EXPECT_NE(this->store().get("/a").value()->etag, before);
}

TYPED_TEST_P(ResourceStoreConformance, ConditionsDecideWhetherAWriteHappens) {
  ResourceStore& store = this->store();
  EXPECT_EQ(commit_one(store, put_if(Condition::present, "/a")).error().code, ErrorCode::conflict);
  EXPECT_EQ(commit_one(store, put_if(Condition::etag, "/a", "x")).error().code, ErrorCode::conflict);
  EXPECT_TRUE(commit_one(store, put_if(Condition::absent, "/a")));
  const auto refused = commit_one(store, put_if(Condition::absent, "/a"));
  ASSERT_FALSE(refused.has_value());
  EXPECT_THAT(refused.error().message, ::testing::HasSubstr("/a"));
  EXPECT_TRUE(commit_one(store, put_if(Condition::present, "/a")));
  const std::string etag = store.get("/a").value()->etag;
  EXPECT_TRUE(commit_one(store, put_if(Condition::etag, "/a", etag)));
  EXPECT_EQ(commit_one(store, put_if(Condition::etag, "/a", etag)).error().code, ErrorCode::conflict);
}

TYPED_TEST_P(ResourceStoreConformance, ACommitHappensWhollyOrNotAtAll) {
  const std::vector<Write> writes{put("/a", "{}"), put("/b", "{}"), remove("/c", Condition::present)};
  EXPECT_EQ(this->store().commit(writes).error().code, ErrorCode::conflict);
  EXPECT_FALSE(this->store().get("/a").value().has_value());
  EXPECT_TRUE(this->store().changes_since(Revision(0), 10).value().changes.empty());
}

TYPED_TEST_P(ResourceStoreConformance, AWriteSeesTheOnesBeforeItInItsCommit) {
  const std::vector<Write> writes{put("/a", "1"), remove("/a", Condition::present),
                                  put_if(Condition::absent, "/a")};
  ASSERT_TRUE(this->store().commit(writes));
  EXPECT_EQ(this->store().get("/a").value()->document, "{}");
  EXPECT_EQ(this->store().changes_since(Revision(0), 10).value().changes.size(), 1);
}

TYPED_TEST_P(ResourceStoreConformance, DeletingWhatIsAbsentIsNoErrorAndNoChange) {
  const Revision before = commit_one(this->store(), put("/a", "{}")).value();
  EXPECT_EQ(commit_one(this->store(), remove("/b")).value(), before);
  EXPECT_EQ(this->store().changes_since(before, 10).value().changes.size(), 0);
}

TYPED_TEST_P(ResourceStoreConformance, AConditionAloneGuardsTheOtherWritesAndChangesNothing) {
  ResourceStore& store = this->store();
  Write guard = put_if(Condition::present, "/parent");
  guard.document.reset();
  guard.reach = Reach::nothing;
  const std::vector<Write> child{guard, put("/parent/a", "{}")}, late{put("/parent/b", "{}"), guard};
  EXPECT_EQ(store.commit(child).error().code, ErrorCode::conflict);
  EXPECT_EQ(store.commit(late).error().code, ErrorCode::conflict);
  EXPECT_FALSE(store.get("/parent/b").value().has_value());
  ASSERT_TRUE(commit_one(store, put("/parent", "{}")));
  const Resource parent = *store.get("/parent").value();
  ASSERT_TRUE(store.commit(child));
  EXPECT_EQ(store.get("/parent").value(), parent);
}

TYPED_TEST_P(ResourceStoreConformance, ASubtreeIsDeletedWithItsRootAndNothingBeside) {
  ResourceStore& store = this->store();
  for (const char* key : {"/a", "/a/b", "/a/b/c", "/a0", "/a-b", "/a/d"})
    ASSERT_TRUE(commit_one(store, put(key, "{}")));
  ASSERT_TRUE(commit_one(store, remove("/a/d")));
  Write whole = remove("/a", Condition::present);
  whole.reach = Reach::subtree;
  const Revision before = store.changes_since(Revision(0), 100).value().upto;
  const auto done = commit_one(store, whole);
  ASSERT_TRUE(done.has_value()) << done.error().message;
  EXPECT_THAT(keys_of(store.list({"service", "", "", 10}).value()), ::testing::ElementsAre("/a-b", "/a0"));
  const Changes changes = store.changes_since(before, 1).value();
  ASSERT_EQ(changes.changes.size(), 3) << "in one commit";
  EXPECT_EQ(changes.changes[0].key, "/a");
  EXPECT_EQ(changes.changes[2].key, "/a/b/c");
  EXPECT_EQ(commit_one(store, whole).error().code, ErrorCode::conflict);
}

TYPED_TEST_P(ResourceStoreConformance, ALargeSubtreeIsGoneWhollyWhenItsDeletionIsTold) {
  ResourceStore& store = this->store();
  put_large(store);
  const Revision before = store.changes_since(Revision(0), 1).value().upto;
  const auto done =
      store.commit(std::vector<Write>{remove_whole("/large", "had"), entry("/large", 7, "itself")});
  ASSERT_TRUE(done.has_value()) << done.error().message;
  EXPECT_EQ(count_of(store, "/"), 1);
  EXPECT_FALSE(store.get("/large/7").value().has_value());
  std::size_t told = 0;
  for (Revision at = before; at < *done;) {
    const Changes changes = store.changes_since(at, 100).value();
    for (const Change& change : changes.changes) told += change.document ? 0 : 1;
    at = changes.upto;
  }
  EXPECT_EQ(told, large + 1);
  const auto entries = documents_of(store.log({.limit = 10 * large}).value());
  EXPECT_EQ(entries.size(), large + 1);
  EXPECT_THAT(entries, ::testing::Contains("/large/7 had 7"));
  put_large(store);
  EXPECT_EQ(count_of(store, "/large/"), large) << "keys and values are free again";
}

TYPED_TEST_P(ResourceStoreConformance, ReadersSeeALargeSubtreeWhollyOrNotAtAllWhileItGoes) {
  ResourceStore& store = this->store();
  put_large(store);
  std::atomic<bool> told{false};
  std::thread deleting([&] {
    EXPECT_TRUE(commit_one(store, remove_whole("/large", "had")));
    told = true;
  });
  bool was_gone = false;
  while (!told) {
    const std::size_t count = count_of(store, "/large/");
    ASSERT_TRUE(count == large || count == 0) << count;
    ASSERT_FALSE(was_gone && count > 0);
    was_gone = count == 0;
    ASSERT_TRUE(commit_one(store, put("/other", "{}"))) << "others go on";
    if (was_gone) {
      EXPECT_FALSE(store.get("/large").value().has_value());
      EXPECT_FALSE(store.get("/large/1099").value().has_value());
      std::size_t seen = 0;
      ASSERT_TRUE(store.visit_all([&](const Change& change) { seen += change.key.starts_with("/large/"); }));
      EXPECT_EQ(seen, 0);
    }
  }
  deleting.join();
}

TYPED_TEST_P(ResourceStoreConformance, ASubtreeMayBeDeletedAgainWhileItGoes) {
  ResourceStore& store = this->store();
  constexpr int rounds = 4;
  std::atomic<int> told{0};
  for (int round = 0; round < rounds; ++round) {
    std::vector<Write> writes{put("/large", "{}")};
    for (std::size_t i = 0; i < large; ++i)
      writes.push_back(put(fmt::format("/large/{}.{}", round, i), "{}"));
    store.commit_later(writes, [](const Result<Revision>& done) { EXPECT_TRUE(done); });
    store.commit_later({remove_whole("/large", std::to_string(round))}, [&](const Result<Revision>& done) {
      EXPECT_TRUE(done);
      ++told;
    });
  }
  ASSERT_TRUE(store.commit(std::vector<Write>{put("/large", "{}"), put("/large/new", "stays")}));
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (told < rounds && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_EQ(told, rounds) << "each is told its outcome";
  EXPECT_EQ(count_of(store, "/large/"), 1);
  EXPECT_EQ(store.get("/large/new").value()->document, "stays");
  const auto entries = documents_of(store.log({.limit = 10 * large}).value());
  EXPECT_EQ(entries.size(), rounds * large) << "one entry each";
  for (int round = 0; round < rounds; ++round) {
    EXPECT_THAT(entries, ::testing::Contains(fmt::format("/large/{0}.7 {0} {{}}", round)));
  }
}

TYPED_TEST_P(ResourceStoreConformance, WhatLiesInASubtreeThatGoesCannotBeWrittenAsIfItStayed) {
  ResourceStore& store = this->store();
  put_large(store);
  Write child = put("/large/7/child", "{}");
  Write parent = put_if(Condition::etag, "/large/7", store.get("/large/7").value()->etag);
  parent.reach = Reach::nothing;
  std::atomic<bool> told{false};
  std::vector<Write> deletion{remove_whole("/large", "had")};
  store.commit_later(deletion, [&](const Result<Revision>& done) {
    EXPECT_TRUE(done);
    told = true;
  });
  while (!told) {
    const auto made = store.commit(std::vector<Write>{parent, child});
    // Before the deletion it goes with it.
    if (!made) {
      EXPECT_EQ(made.error().code, ErrorCode::conflict);
    }
  }
  EXPECT_EQ(count_of(store, "/large/"), 0);
}

TYPED_TEST_P(ResourceStoreConformance, VisitsEverythingThatIsThereOnce) {
  ResourceStore& store = this->store();
  std::vector<Write> writes;
  for (int i = 0; i < 2500; ++i) writes.push_back(put(fmt::format("/{}", i), std::to_string(i)));
  ASSERT_TRUE(store.commit(writes));
  ASSERT_TRUE(commit_one(store, remove("/7")));
  const Revision last = commit_one(store, put("/8", "new")).value();
  std::map<std::string, std::string> seen;
  const auto upto = store.visit_all([&](const Change& change) {
    EXPECT_EQ(change.type, "service");
    EXPECT_TRUE(seen.emplace(change.key, change.document.value_or("")).second);
  });
  ASSERT_TRUE(upto.has_value());
  EXPECT_EQ(*upto, last);
  EXPECT_EQ(seen.size(), 2499);
  EXPECT_EQ(seen["/8"], "new");
  EXPECT_FALSE(seen.contains("/7"));
}

TYPED_TEST_P(ResourceStoreConformance, CommitsUnderWayTogetherHaveTheirOwnOutcomes) {
  ResourceStore& store = this->store();
  constexpr int count = 200;
  std::vector<Result<Revision>> outcomes(count, Revision(0));
  std::atomic<int> ended = 0;
  for (int i = 0; i < count; ++i) {
    std::vector<Write> writes{put(fmt::format("/{:03}", i), "{}", std::to_string(i / 2))};
    writes.push_back(put(fmt::format("/{:03}/x", i), "{}"));
    std::swap(writes[0], writes[1]);
    store.commit_later(std::move(writes), [&, i](Result<Revision> done) {
      outcomes[static_cast<std::size_t>(i)] = std::move(done);
      ++ended;
    });
  }
  while (ended < count) std::this_thread::yield();
  for (int i = 0; i < count; ++i) {
    const auto& outcome = outcomes[static_cast<std::size_t>(i)];
    EXPECT_EQ(outcome.has_value(), i % 2 == 0) << "the second of a pair wants the first one's unique value";
    EXPECT_EQ(store.get(fmt::format("/{:03}/x", i)).value().has_value(), i % 2 == 0);
    if (outcome) {
      EXPECT_EQ(outcome->value, static_cast<std::uint64_t>(i / 2 + 1));
    } else {
      EXPECT_EQ(outcome.error().code, ErrorCode::conflict);
    }
  }
}

TYPED_TEST_P(ResourceStoreConformance, TwoResourcesOfOneTypeCannotShareAUniqueValue) {
  ResourceStore& store = this->store();
  ASSERT_TRUE(commit_one(store, put("/a", "{}", "192.0.2.0/24")));
  const auto refused = commit_one(store, put("/b", "{}", "192.0.2.0/24"));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::conflict);
  EXPECT_THAT(refused.error().message,
              ::testing::AllOf(::testing::HasSubstr("/a"), ::testing::HasSubstr("192.0.2.0/24")));
  Write other_type = put("/c", "{}", "192.0.2.0/24");
  other_type.type = "asn";
  EXPECT_TRUE(commit_one(store, other_type));
  EXPECT_TRUE(commit_one(store, put("/a", "{}", "192.0.2.0/24"))) << "its own value again";
  ASSERT_TRUE(commit_one(store, remove("/a")));
  EXPECT_TRUE(commit_one(store, put("/b", "{}", "192.0.2.0/24"))) << "free after deletion";
}

TYPED_TEST_P(ResourceStoreConformance, ListsInOrderOfKeyPageByPage) {
  ResourceStore& store = this->store();
  for (const char* key : {"/s/b", "/s/a", "/s/c", "/t/a", "/s"})
    ASSERT_TRUE(commit_one(store, put(key, "{}")));
  ASSERT_TRUE(commit_one(store, remove("/s/b")));
  Write other = put("/s/d", "{}");
  other.type = "asn";
  ASSERT_TRUE(commit_one(store, other));
  EXPECT_THAT(keys_of(store.list({"service", "/s/", "", 10}).value()),
              ::testing::ElementsAre("/s/a", "/s/c"));
  EXPECT_THAT(keys_of(store.list({"service", "", "", 2}).value()), ::testing::ElementsAre("/s", "/s/a"));
  EXPECT_THAT(keys_of(store.list({"service", "", "/s/a", 2}).value()),
              ::testing::ElementsAre("/s/c", "/t/a"));
  EXPECT_TRUE(store.list({"nothing", "", "", 10}).value().empty());
}

TYPED_TEST_P(ResourceStoreConformance, ChangesComeOnceAKeyInOrderWithDeletions) {
  ResourceStore& store = this->store();
  const Revision first = commit_one(store, put("/a", "1")).value();
  ASSERT_TRUE(commit_one(store, put("/b", "1")));
  ASSERT_TRUE(commit_one(store, put("/a", "2")));
  ASSERT_TRUE(commit_one(store, remove("/b")));
  const Changes all = store.changes_since(Revision(0), 10).value();
  ASSERT_EQ(all.changes.size(), 2);
  EXPECT_EQ(all.changes[0].key, "/a");
  EXPECT_EQ(all.changes[0].document, "2");
  EXPECT_EQ(all.changes[1].key, "/b");
  EXPECT_FALSE(all.changes[1].document.has_value());
  EXPECT_EQ(all.changes[1].type, "service");
  EXPECT_EQ(all.upto, all.changes[1].revision);
  EXPECT_EQ(store.changes_since(first, 10).value().changes.size(), 2);
  EXPECT_TRUE(store.changes_since(all.upto, 10).value().changes.empty());
  EXPECT_EQ(store.changes_since(all.upto, 10).value().upto, all.upto);
}

TYPED_TEST_P(ResourceStoreConformance, ALimitNeverCutsACommit) {
  ResourceStore& store = this->store();
  ASSERT_TRUE(commit_one(store, put("/a", "1")));
  const std::vector<Write> three{put("/b", "1"), put("/c", "1"), put("/d", "1")};
  ASSERT_TRUE(store.commit(three));
  ASSERT_TRUE(commit_one(store, put("/e", "1")));
  std::vector<std::size_t> pages;
  Revision at;
  while (true) {
    const Changes page = store.changes_since(at, 1).value();
    if (page.changes.empty()) break;
    pages.push_back(page.changes.size());
    at = page.upto;
  }
  EXPECT_THAT(pages, ::testing::ElementsAre(1, 3, 1));
}

TYPED_TEST_P(ResourceStoreConformance, OfManyConcurrentUpdatesWithOneEtagExactlyOneWins) {
  ResourceStore& store = this->store();
  ASSERT_TRUE(commit_one(store, put("/a", "{}")));
  for (int round = 0; round < 5; ++round) {
    const std::string etag = store.get("/a").value()->etag;
    std::atomic<int> won = 0, lost = 0;
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        const auto done = commit_one(store, put_if(Condition::etag, "/a", etag));
        ++(done ? won : lost);
        EXPECT_TRUE(done || done.error().code == ErrorCode::conflict);
      });
    }
    threads.clear();
    EXPECT_EQ(won, 1);
    EXPECT_EQ(lost, 3);
  }
}

TYPED_TEST_P(ResourceStoreConformance, ReadersSeeWholeCommitsWhileOthersWrite) {
  ResourceStore& store = this->store();
  std::jthread writer([&](const std::stop_token& stop) {
    for (int i = 0; !stop.stop_requested(); ++i) {
      const std::vector<Write> both{put("/a", std::to_string(i)), put("/b", std::to_string(i))};
      ASSERT_TRUE(store.commit(both));
    }
  });
  for (int i = 0; i < 50; ++i) {
    const auto both = store.list({"service", "", "", 10});
    ASSERT_TRUE(both.has_value()) << both.error().message;
    if (both->empty()) continue;
    ASSERT_EQ(both->size(), 2);
    EXPECT_EQ((*both)[0].document, (*both)[1].document);
  }
}

TYPED_TEST_P(ResourceStoreConformance, AnEntryOfTheLogIsThereWithItsCommitOrNotAtAll) {
  ResourceStore& store = this->store();
  const std::vector<Write> good{put("/subscriptions/a/x", "{}"), entry("/subscriptions/a/x", 1, "made")};
  const std::vector<Write> bad{entry("/subscriptions/a/x", 2, "early"),
                               put_if(Condition::absent, "/subscriptions/a/x"),
                               entry("/subscriptions/a/x", 3, "late")};
  const Revision made = store.commit(good).value();
  EXPECT_EQ(store.commit(bad).error().code, ErrorCode::conflict);
  EXPECT_EQ(commit_one(store, entry("/subscriptions/a/x", 4, "alone")).value(), made) << "no revision";
  EXPECT_THAT(documents_of(store.log({.scope = "/subscriptions/a"}).value()),
              ::testing::ElementsAre("alone", "made"));
  EXPECT_EQ(store.changes_since(Revision(0), 10).value().changes.size(), 1);
}

TYPED_TEST_P(ResourceStoreConformance, TheLogIsReadByScopeAndTimePageByPage) {
  ResourceStore& store = this->store();
  for (const auto& [key, at] : std::vector<std::pair<std::string, int>>{{"/subscriptions/a/g", 10},
                                                                        {"/subscriptions/a/g/s", 20},
                                                                        {"/subscriptions/a/g2", 20},
                                                                        {"/subscriptions/a", 30},
                                                                        {"/subscriptions/ab/g", 30},
                                                                        {"/tokens/t", 5}}) {
    ASSERT_TRUE(commit_one(store, entry(key, at, key)));
  }
  const auto read = [&](const LogQuery& query) { return documents_of(store.log(query).value()); };
  using ::testing::ElementsAre;
  EXPECT_THAT(read({.scope = "/subscriptions/a/g"}),
              ElementsAre("/subscriptions/a/g/s", "/subscriptions/a/g"));
  EXPECT_THAT(read({.scope = "/subscriptions/a"}).size(), 4);
  EXPECT_THAT(read({.scope = ""}), ElementsAre("/tokens/t"));
  EXPECT_THAT(read({.scope = "/subscriptions/a", .from = time_from_us(11), .to = time_from_us(20)}),
              ElementsAre("/subscriptions/a/g2", "/subscriptions/a/g/s"));
  EXPECT_TRUE(read({.scope = "/subscriptions/none"}).empty());
  LogQuery query{.scope = "/subscriptions/a", .limit = 1};
  std::vector<std::string> paged;
  for (int pages = 1;; ++pages) {
    const LogPage page = store.log(query).value();
    for (std::string& each : documents_of(page)) paged.push_back(each);
    if (!page.next) break;
    ASSERT_LT(pages, 5);
    query.before = page.next;
  }
  EXPECT_THAT(paged, ElementsAre("/subscriptions/a", "/subscriptions/a/g2", "/subscriptions/a/g/s",
                                 "/subscriptions/a/g"));
  const LogPage few = store.log({.scope = "/subscriptions/a/g", .looked_at_max = 2}).value();
  EXPECT_TRUE(few.entries.empty());
  EXPECT_THAT(read({.scope = "/subscriptions/a/g", .before = few.next}).size(), 2);
}

TYPED_TEST_P(ResourceStoreConformance, ASubtreeLeavesAnEntryForEachThatGoesWithIt) {
  ResourceStore& store = this->store();
  for (const char* key : {"/a", "/a/b", "/a/b/c", "/a/gone", "/ab"}) {
    ASSERT_TRUE(commit_one(store, put(key, key)));
  }
  ASSERT_TRUE(commit_one(store, remove("/a/gone")));
  ASSERT_TRUE(store.commit(std::vector<Write>{remove_whole("/a", "had"), entry("/a", 7, "itself")}));
  EXPECT_THAT(documents_of(store.log({}).value()),
              ::testing::ElementsAre("itself", "/a/b/c had /a/b/c", "/a/b had /a/b"));
}

TYPED_TEST_P(ResourceStoreConformance, WhatIsTooOldOrTooMuchLeavesTheLog) {
  ResourceStore& store = this->store();
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(commit_one(store, entry("/subscriptions/a/x", i, std::to_string(i))));
    ASSERT_TRUE(commit_one(store, entry("/b", i, std::to_string(i))));
  }
  EXPECT_EQ(store.trim_log({time_from_us(3), 100, 2}).value(), 6);
  EXPECT_EQ(store.log({.scope = "/subscriptions/a"}).value().entries.size(), 7);
  EXPECT_EQ(store.trim_log({time_from_us(3), 4, 2}).value(), 6) << "four of each part";
  EXPECT_THAT(documents_of(store.log({.scope = "/subscriptions/a"}).value()),
              ::testing::ElementsAre("9", "8", "7", "6"));
  EXPECT_EQ(store.trim_log({time_from_us(3), 4, 2}).value(), 0);
  EXPECT_EQ(store.trim_log({time_from_us(100), 0, 3}).value(), 8);
  EXPECT_TRUE(store.log({}).value().entries.empty());
}

TYPED_TEST_P(ResourceStoreConformance, AgreesWithTheMemoryStoreOnRandomOperations) {
  const auto oracle = make_memory_resource_store(tell_gone);
  std::mt19937 random(20261125);
  const auto pick = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  for (int step = 0; step < 300; ++step) {
    std::vector<Write> writes;
    for (int i = pick(3); i >= 0; --i) {
      Write write = put("/" + std::to_string(pick(6)), std::to_string(step));
      write.condition = static_cast<Condition>(pick(4));
      write.type = pick(4) == 0 ? "asn" : "service";
      if (pick(3) == 0) write.unique = std::to_string(pick(4));
      if (pick(3) == 0) write.document.reset();
      if (!write.document) write.reach = static_cast<Reach>(pick(3));
      if (pick(3) == 0) write.key += "/" + std::to_string(pick(2));
      const auto current = oracle->get(write.key).value();
      if (write.condition == Condition::etag) write.etag = current && pick(4) ? current->etag : "other";
      write.at = time_from_us(pick(50));
      if (pick(2)) write.trace = "went";
      if (pick(3) == 0) writes.push_back(entry(write.key, pick(50), std::to_string(step)));
      writes.push_back(std::move(write));
      if (pick(3) == 0) writes.push_back(entry("/subscriptions/s/x", pick(50), std::to_string(step)));
    }
    const auto expected = oracle->commit(writes), actual = this->store().commit(writes);
    ASSERT_EQ(actual, expected) << "step " << step << (actual ? "" : ": " + actual.error().message);
    const Revision after(static_cast<std::uint64_t>(pick(step + 1)));
    const Changes a = this->store().changes_since(after, 3).value(),
                  e = oracle->changes_since(after, 3).value();
    ASSERT_EQ(a.changes, e.changes) << "step " << step;
    ASSERT_EQ(a.upto, e.upto);
    const ListQuery query{pick(2) ? "service" : "asn", "/", "/" + std::to_string(pick(6)), 4};
    ASSERT_EQ(this->store().list(query).value(), oracle->list(query).value()) << "step " << step;
    const LogQuery log{.scope = pick(2) ? "/subscriptions/s" : "", .to = time_from_us(pick(60)), .limit = 9};
    const LogPage a_log = this->store().log(log).value(), e_log = oracle->log(log).value();
    ASSERT_EQ(documents_of(a_log), documents_of(e_log)) << "step " << step;
    ASSERT_EQ(a_log.next.has_value(), e_log.next.has_value()) << "step " << step;
  }
}

/// For implementations that keep what they have when they are opened again.
template <class Backend>
class PersistentResourceStoreConformance : public ResourceStoreConformance<Backend> {};
TYPED_TEST_SUITE_P(PersistentResourceStoreConformance);

TYPED_TEST_P(PersistentResourceStoreConformance, WhatWasCommittedIsThereWhenOpenedAgain) {
  ASSERT_TRUE(commit_one(this->store(), put("/a", "1", "u")));
  ASSERT_TRUE(commit_one(this->store(), put("/b", "1")));
  ASSERT_TRUE(commit_one(this->store(), entry("/a", 1, "first")));
  const Revision last = commit_one(this->store(), remove("/b")).value();
  const Resource before = *this->store().get("/a").value();
  const Changes changes = this->store().changes_since(Revision(0), 10).value();
  this->open();
  EXPECT_EQ(this->store().get("/a").value(), before);
  EXPECT_EQ(this->store().changes_since(Revision(0), 10).value().changes, changes.changes);
  EXPECT_EQ(commit_one(this->store(), put("/c", "1", "u")).error().code, ErrorCode::conflict);
  EXPECT_EQ(commit_one(this->store(), put("/c", "1")).value().value, last.value + 1);
  ASSERT_TRUE(commit_one(this->store(), entry("/a", 1, "second"))) << "its number goes on";
  EXPECT_THAT(documents_of(this->store().log({}).value()), ::testing::ElementsAre("second", "first"));
}

REGISTER_TYPED_TEST_SUITE_P(
    ResourceStoreConformance, GivesWhatWasPut, WhatIsAtHandIsWhatIsThere, EveryWriteChangesTheEtag,
    ConditionsDecideWhetherAWriteHappens, ACommitHappensWhollyOrNotAtAll,
    AWriteSeesTheOnesBeforeItInItsCommit, DeletingWhatIsAbsentIsNoErrorAndNoChange,
    AConditionAloneGuardsTheOtherWritesAndChangesNothing, ASubtreeIsDeletedWithItsRootAndNothingBeside,
    ALargeSubtreeIsGoneWhollyWhenItsDeletionIsTold, ReadersSeeALargeSubtreeWhollyOrNotAtAllWhileItGoes,
    WhatLiesInASubtreeThatGoesCannotBeWrittenAsIfItStayed, ASubtreeMayBeDeletedAgainWhileItGoes,
    VisitsEverythingThatIsThereOnce, CommitsUnderWayTogetherHaveTheirOwnOutcomes,
    TwoResourcesOfOneTypeCannotShareAUniqueValue, ListsInOrderOfKeyPageByPage,
    ChangesComeOnceAKeyInOrderWithDeletions, ALimitNeverCutsACommit,
    OfManyConcurrentUpdatesWithOneEtagExactlyOneWins, ReadersSeeWholeCommitsWhileOthersWrite,
    AnEntryOfTheLogIsThereWithItsCommitOrNotAtAll, TheLogIsReadByScopeAndTimePageByPage,
    ASubtreeLeavesAnEntryForEachThatGoesWithIt, WhatIsTooOldOrTooMuchLeavesTheLog,
    AgreesWithTheMemoryStoreOnRandomOperations);
// Killed at random moments, several times over one file: what was acknowledged is there, in order, once.
TYPED_TEST_P(PersistentResourceStoreConformance, AcknowledgedCommitsSurviveAKill) {
  if (const auto folder = child_folder()) {
    auto store = TypeParam::open(*folder).value();
    for (std::uint64_t i = store->changes_since(Revision(0), 100'000).value().changes.size();; ++i) {
      const std::string key = fmt::format("/{:06}", i);
      const std::vector<Write> both{put(key, std::to_string(i)), entry(key, static_cast<std::int64_t>(i))};
      ASSERT_TRUE(store->commit(both));
      tell_parent(std::to_string(i));
    }
  }
  const TemporaryFolder folder;
  std::mt19937 random(5);
  for (int round = 0; round < 3; ++round) {
    OwnChild child(folder.path());
    const auto told = child.listen(std::chrono::milliseconds(5 + random() % 60));
    ASSERT_FALSE(told.empty());
    const auto store = TypeParam::open(folder.path()).value();
    const auto changes = store->changes_since(Revision(0), 100'000).value().changes;
    const std::size_t acknowledged = std::stoul(told.back()) + 1;
    EXPECT_GE(changes.size(), acknowledged);
    EXPECT_LE(changes.size(), acknowledged + 1);
    EXPECT_EQ(store->log({.limit = 100'000}).value().entries.size(), changes.size());
    for (std::size_t i = 0; i < changes.size(); ++i) {
      ASSERT_EQ(changes[i].key, fmt::format("/{:06}", i));
      ASSERT_EQ(changes[i].revision.value, i + 1);
    }
  }
}

// Killed while the rows of a large subtree go: it is gone for readers, and the next process removes the rest.
TYPED_TEST_P(PersistentResourceStoreConformance, ADeletionOfALargeSubtreeSurvivesAKill) {
  if (const auto folder = child_folder()) {
    auto store = TypeParam::open(*folder).value();
    tell_parent("deleting");
    store->commit_later({remove_whole("/large", "had"), entry("/large", 7, "itself")}, [](const auto&) {});
    while (true) tell_parent(std::to_string(store->log({.limit = 10 * large}).value().entries.size()));
  }
  std::mt19937 random(5);
  for (int round = 0; round < 4; ++round) {
    const TemporaryFolder folder;
    put_large(*TypeParam::open(folder.path()).value());
    OwnChild child(folder.path());
    child.listen(std::chrono::milliseconds(2 + random() % 12));
    const auto store = TypeParam::open(folder.path()).value();
    const bool gone = !store->get("/large").value().has_value();
    EXPECT_EQ(count_of(*store, "/large/"), gone ? 0 : large);
    if (!gone) {
      ASSERT_TRUE(commit_one(*store, remove_whole("/large", "had")));
    }
    const auto entries = [&] { return store->log({.limit = 10 * large}).value().entries.size(); };
    for (int i = 0; i < 1000 && entries() < large; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    EXPECT_EQ(entries(), large + (gone ? 1 : 0)) << "each once";
    EXPECT_EQ(count_of(*store, "/"), 1);
  }
}

TYPED_TEST_P(PersistentResourceStoreConformance, AFullDiskRefusesWritesAndHarmsNothing) {
  const auto folder = child_folder();
  if (!folder) {
    const TemporaryFolder disk;
    OwnChild child(disk.path());
    const auto told = child.listen();
    if (told == std::vector<std::string>{"no disk"}) GTEST_SKIP() << "skipped: may not mount a small disk";
    EXPECT_EQ(child.exit_code(), 0);
    EXPECT_THAT(told, ::testing::ElementsAre("refused", "recovered"));
    return;
  }
  if (!mount_small_disk(*folder, 8)) return tell_parent("no disk");
  auto store = TypeParam::open(*folder).value();
  ASSERT_TRUE(commit_one(*store, put("/before", "{}")));
  const std::string filler = fill_disk(*folder);
  Result<Revision> done = Revision(0);
  for (int i = 0; done && i < 200; ++i) done = commit_one(*store, put("/full", std::string(50'000, 'x')));
  ASSERT_FALSE(done.has_value());
  EXPECT_EQ(done.error().code, ErrorCode::out_of_space) << done.error().message;
  EXPECT_TRUE(store->get("/before").value().has_value()) << "reads go on";
  tell_parent("refused");
  std::filesystem::remove(filler);
  ASSERT_TRUE(commit_one(*store, put("/after", "{}")));
  store.reset();
  store = TypeParam::open(*folder).value();
  EXPECT_TRUE(store->get("/before").value().has_value());
  EXPECT_TRUE(store->get("/after").value().has_value());
  tell_parent("recovered");
}

REGISTER_TYPED_TEST_SUITE_P(PersistentResourceStoreConformance, WhatWasCommittedIsThereWhenOpenedAgain,
                            AcknowledgedCommitsSurviveAKill, ADeletionOfALargeSubtreeSurvivesAKill,
                            AFullDiskRefusesWritesAndHarmsNothing);

}  // namespace peering::store::conformance
