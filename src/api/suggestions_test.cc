#include <gmock/gmock.h>

#include "api/api_fixture.h"

namespace peering::api {

namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* monitoring = "/providers/Open.Peering/monitoring/default";

class Suggestions : public ApiFixture {
 protected:
  Suggestions() { prefix = make_prefix(); }

  static std::string properties(const Reply& reply, std::string_view key) {
    return json::serialize(reply.body.at("properties").at(key));
  }
  std::string open_event(model::EventKind kind, std::vector<net::Asn> path) {
    model::Event made = event(prefix, kind, model::Level::critical, "2026-11-23T11:00:00Z");
    made.state = model::EventState::open;
    made.prefix = made.observed = *net::Prefix::parse("203.0.113.0/24");
    made.origin = path.back();
    made.suspect = path.back();
    made.as_path = std::move(path);
    made.id = model::make_event_id(kind, prefix, made.observed, "", made.first_seen);
    store_events({made});
    return made.id.value;
  }
  std::string learn_path(const std::string& id) const {
    return prefix + "/providers/Open.Peering/events/" + id + "/learn";
  }

  std::string prefix;
};

TEST_F(Suggestions, AreMadeOfTheRoutesOfNowAndCanBeSentAsAPatch) {
  routes = {route("203.0.113.0/24", {64497, 64496, 64500})};
  const Reply made = get(prefix + monitoring + "/suggestion");
  ASSERT_EQ(made.status, 200) << made.text;
  EXPECT_EQ(properties(made, "suggested"), R"({"asn":[64500],"upstreams":[64496]})");
  EXPECT_THAT(properties(made, "reasons"),
              HasSubstr("seen at 1 peer of 1 router since 2026-11-23T10:00:00Z"));
  EXPECT_EQ(get(prefix + monitoring).body.at("properties").at("asn"), "any")
      << "nothing is changed by asking";
  const json::object body{{"properties", made.body.at("properties").at("suggested")}};
  EXPECT_EQ(patch(prefix + monitoring, json::serialize(body)).status, 200);
  EXPECT_EQ(properties(get(prefix + monitoring), "upstreams"), "[64496]");
  EXPECT_EQ(properties(get(prefix + monitoring + "/suggestion"), "suggested"), "{}");
}

TEST_F(Suggestions, AnOpenHijackEventOfTheStoreSpeaksAgainstItsOrigin) {
  routes = {route("203.0.113.0/24", {64496, 64666})};
  const std::string id = open_event(model::EventKind::origin_hijack, {64496, 64666});
  const Reply made = get(prefix + monitoring + "/suggestion");
  EXPECT_EQ(properties(made, "suggested"), "{}");
  EXPECT_THAT(properties(made, "warnings"), HasSubstr(id));
}

TEST_F(Suggestions, OfAConnectionAreThoseOfAllItsPrefixes) {
  make_prefix("198.51.100.0/24", "p2");
  const Reply all = get(service_path("svc1") + monitoring + "/suggestion");
  ASSERT_EQ(all.status, 200) << all.text;
  ASSERT_EQ(all.items(), 2U);
  EXPECT_THAT(all.text, HasSubstr("prefixes/p2/providers/Open.Peering/monitoring/default/suggestion"));
  EXPECT_EQ(get(service_path("nope") + monitoring + "/suggestion").code(), "ParentResourceNotFound");
}

TEST_F(Suggestions, AnEventTeachesTheSmallestChangeAndChangesNothing) {
  EXPECT_LT(put(prefix + monitoring, R"({"properties":{"asn":[64500]}})").status, 202);
  const std::string id = open_event(model::EventKind::origin_hijack, {64496, 64501});
  const Reply lesson = post(learn_path(id), "");
  ASSERT_EQ(lesson.status, 200) << lesson.text;
  EXPECT_EQ(properties(lesson, "changes"), R"([{"field":"asn","before":[64500],"after":[64500,64501]}])");
  EXPECT_EQ(properties(get(prefix + monitoring), "asn"), "[64500]");
}

TEST_F(Suggestions, WhatIsNotToBeLearnedIsRefusedWithTheReason) {
  const Reply withdrawn = post(learn_path(open_event(model::EventKind::withdrawal, {64496, 64500})), "");
  EXPECT_EQ(withdrawn.status, 409);
  EXPECT_EQ(withdrawn.code(), "NothingToLearn");
  const std::string invalid = learn_path(open_event(model::EventKind::rpki_invalid, {64496, 64500}));
  EXPECT_EQ(post(invalid, "").code(), "LearningNeedsForce");
  EXPECT_EQ(properties(post(invalid + "?force=true", ""), "suggested"),
            R"({"excludeKinds":["rpki-invalid"]})");
  EXPECT_EQ(post(invalid + "?force=perhaps", "").code(), "BadArgument");
}

TEST_F(Suggestions, AnEventOfAnotherPrefixIsNotThere) {
  const std::string id = open_event(model::EventKind::origin_hijack, {64496, 64501});
  prefix = make_prefix("198.51.100.0/24", "p2");
  EXPECT_EQ(post(learn_path(id), "").status, 404);
  EXPECT_EQ(post(learn_path("0123"), "").status, 404);
}

TEST_F(Suggestions, AreForThoseWhoMayReadThePrefix) {
  const std::string id = open_event(model::EventKind::origin_hijack, {64496, 64501});
  make_service("other", sub_b);
  const std::string stranger = token("Owner", sub_b), reader = token("Reader", sub_a);
  const std::string asked = versioned(prefix + monitoring + "/suggestion");
  EXPECT_EQ(send_as(stranger, http::Method::get, asked).status, 404);
  EXPECT_EQ(send_as(stranger, http::Method::post, versioned(learn_path(id))).status, 404);
  EXPECT_EQ(send_as(reader, http::Method::get, asked).status, 200);
}

}  // namespace

}  // namespace peering::api
