#include "detect/suggestion.h"

#include <gmock/gmock.h>

#include "detect/detect_fixture.h"

namespace peering::detect {

namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Suggesting : public testing::Test {
 protected:
  Suggesting() {
    current.prefix = p("203.0.113.0/24");
    current.any_origin = true;
  }

  void seen(std::string_view prefix, std::vector<net::Asn> path, std::string router = "edge-1") {
    auto peer = std::make_shared<rib::Peer>();
    peer->key = {std::move(router), 0, net::Address::v4(0xC0000200 + ++peers), pre_policy};
    peer->asn = path.front();
    auto attributes = std::make_shared<wire::bgp::PathAttributes>();
    attributes->as_path = wire::bgp::AsPath::sequence(std::move(path));
    routes.push_back({p(prefix), peer, attributes, *parse_rfc3339("2026-11-23T10:00:00Z")});
  }
  void happened(model::EventKind kind, const std::function<void(model::Event&)>& change) {
    model::Event event;
    event.kind = kind;
    event.id.value = "feed";
    event.state = model::EventState::open;
    event.observed = current.prefix;
    event.first_seen = *parse_rfc3339("2026-11-01T10:00:00Z");
    change(event);
    events.push_back(event);
  }
  Suggestion suggestion() {
    const rib::VrpTable table(vrps);
    return suggest({current, routes, has_rpki ? &table : nullptr, events, registered});
  }
  static std::vector<std::string> why(const Suggestion& made, std::string_view field) {
    std::vector<std::string> out;
    for (const Reason& each : made.reasons) {
      if (each.field == field) out.push_back(json::serialize(each.value) + " " + each.why);
    }
    return out;
  }

  model::Expectation current;
  std::vector<rib::Route> routes;
  std::vector<model::Event> events;
  std::vector<rib::Vrp> vrps;
  bool has_rpki = false;
  std::function<bool(const net::Prefix&)> registered;
  std::uint32_t peers = 0;
};

TEST_F(Suggesting, TheOriginAndItsNeighboursThatAreSeenWithWhereAndSinceWhen) {
  seen("203.0.113.0/24", {64497, 64496, 64500});
  seen("203.0.113.0/24", {64498, 64500}, "edge-2");
  happened(model::EventKind::announcement, [](model::Event& event) { event.origin = 64500; });
  const Suggestion made = suggestion();
  EXPECT_FALSE(made.expectation.any_origin);
  EXPECT_THAT(made.expectation.origins, ElementsAre(model::AsnRange{64500, 64500}));
  EXPECT_THAT(*made.expectation.upstreams, ElementsAre(64496, 64498));
  EXPECT_THAT(why(made, "asn"), ElementsAre("64500 seen at 2 peers of 2 routers since 2026-11-01T10:00:00Z"));
  EXPECT_THAT(made.warnings, IsEmpty());
}

TEST_F(Suggesting, ARoaBesideWhatIsSeenAndAnOriginThatOnlyARoaNames) {
  has_rpki = true;
  vrps = {{p("203.0.113.0/24"), 24, 64500}, {p("203.0.112.0/23"), 24, 64511}};
  seen("203.0.113.0/24", {64496, 64500});
  const Suggestion made = suggestion();
  EXPECT_THAT(made.expectation.origins,
              ElementsAre(model::AsnRange{64500, 64500}, model::AsnRange{64511, 64511}));
  EXPECT_THAT(why(made, "asn"), ElementsAre(HasSubstr("ROA AS64500 203.0.113.0/24"),
                                            HasSubstr("allows it; it is not seen now")));
}

TEST_F(Suggesting, NoOriginThatTheRpkiCallsInvalid) {
  has_rpki = true;
  vrps = {{p("203.0.113.0/24"), 24, 64500}};
  seen("203.0.113.0/24", {64496, 64666});
  const Suggestion made = suggestion();
  EXPECT_THAT(made.expectation.origins, ElementsAre(model::AsnRange{64500, 64500}));
  EXPECT_FALSE(made.expectation.upstreams);
  EXPECT_THAT(made.warnings, Contains(HasSubstr("AS64666 is not suggested as an origin although it is seen "
                                                "at 1 peer of 1 router since 2026-11-23T10:00:00Z: that is "
                                                "RPKI invalid")));
}

TEST_F(Suggesting, NoOriginThatAnOpenEventCallsAHijackNotEvenWithAnotherPrefixObserved) {
  current.any_origin = false;
  current.origins = {{64500, 64500}};
  seen("203.0.113.0/24", {64496, 64500});
  seen("203.0.113.0/24", {64496, 64666});
  happened(model::EventKind::subprefix_hijack, [](model::Event& event) {
    event.origin = 64666;
    event.observed = p("203.0.113.128/25");
  });
  const Suggestion made = suggestion();
  EXPECT_EQ(made.expectation.origins, current.origins);
  EXPECT_THAT(made.warnings, ElementsAre(HasSubstr("subprefix-hijack event feed is open")));
}

TEST_F(Suggesting, AnOriginWhoseHijackEventHasResolvedIsNoLongerSpokenAgainst) {
  seen("203.0.113.0/24", {64496, 64666});
  happened(model::EventKind::origin_hijack, [](model::Event& event) {
    event.origin = 64666;
    event.state = model::EventState::resolved;
  });
  EXPECT_THAT(suggestion().expectation.origins, ElementsAre(model::AsnRange{64666, 64666}));
}

TEST_F(Suggesting, NoNeighbourThatAnOpenEventCallsForged) {
  current.any_origin = false;
  current.origins = {{64500, 64500}};
  current.upstreams = {{64496}};
  seen("203.0.113.0/24", {64496, 64500});
  seen("203.0.113.0/24", {64497, 64666, 64500});
  happened(model::EventKind::path_forged_first_hop, [](model::Event& event) {
    event.origin = 64500;
    event.neighbor = 64666;
  });
  const Suggestion made = suggestion();
  EXPECT_EQ(made.expectation, current);
  EXPECT_THAT(made.warnings, ElementsAre(HasSubstr("AS64666 is not suggested as an upstream")));
}

TEST_F(Suggesting, WhatIsExpectedStaysAndWhatOfItIsNowhereSeenIsSaid) {
  current.any_origin = false;
  current.origins = {{64501, 64501}};
  current.description = "ours";
  seen("203.0.113.0/24", {64496, 64500});
  const Suggestion made = suggestion();
  EXPECT_THAT(made.expectation.origins,
              ElementsAre(model::AsnRange{64501, 64501}, model::AsnRange{64500, 64500}));
  EXPECT_EQ(made.expectation.description, "ours");
  EXPECT_THAT(made.warnings, ElementsAre("AS64501 is expected, but it is not seen and no ROA allows it"));
}

TEST_F(Suggesting, ANeighbourBehindMorePrependsIsTheBackup) {
  for (int i = 0; i < 2; ++i) {
    seen("203.0.113.0/24", {64498, 64496, 64500});
    seen("203.0.113.0/24", {64498, 64499, 64500, 64500, 64500});
  }
  const Suggestion made = suggestion();
  EXPECT_THAT(*made.expectation.upstreams, ElementsAre(64496));
  EXPECT_THAT(made.expectation.backup_upstreams, ElementsAre(64499));
  EXPECT_THAT(why(made, "backup_upstreams"),
              ElementsAre(HasSubstr("its paths have the origin 3 times, others 1")));
  EXPECT_THAT(made.expectation.prepend_sequences,
              ElementsAre(ElementsAre(64496), ElementsAre(64499, 64500, 64500)));
}

TEST_F(Suggesting, NoSequencesOfHopsWhereNobodyPrependsOrOnlyOnePeerShowsThem) {
  seen("203.0.113.0/24", {64496, 64500});
  seen("203.0.113.0/24", {64497, 64500});
  EXPECT_THAT(suggestion().expectation.prepend_sequences, IsEmpty());
  seen("203.0.113.0/24", {64498, 64500, 64500});
  EXPECT_THAT(suggestion().expectation.prepend_sequences, IsEmpty());
}

TEST_F(Suggesting, LengthsOfMoreSpecificsThatAnAcceptedOriginAnnounces) {
  seen("203.0.113.0/24", {64496, 64500});
  seen("203.0.113.0/25", {64496, 64500});
  seen("203.0.113.128/27", {64496, 64500});
  seen("203.0.113.64/26", {64496, 64666});
  seen("203.0.112.0/23", {64496, 64500});
  EXPECT_EQ(suggestion().expectation.lengths, (model::LengthRange{25, 27}));
  registered = [](const net::Prefix& prefix) { return prefix.length() == 27; };
  EXPECT_EQ(suggestion().expectation.lengths, (model::LengthRange{25, 25}));
}

TEST_F(Suggesting, AnUndecidedMoreSpecificOnlyWhenARoaAllowsIt) {
  has_rpki = true;
  vrps = {{p("203.0.113.0/24"), 24, 64500}};
  current.any_origin = false;
  current.origins = {{64500, 64500}};
  seen("203.0.113.0/25", {64496, 64500});
  happened(model::EventKind::new_prefix, [](model::Event& event) { event.observed = p("203.0.113.0/25"); });
  EXPECT_FALSE(suggestion().expectation.lengths);
  vrps.push_back({p("203.0.113.0/24"), 25, 64500});
  const Suggestion made = suggestion();
  EXPECT_EQ(made.expectation.lengths, (model::LengthRange{25, 25}));
  EXPECT_THAT(made.warnings, Contains(HasSubstr("a ROA allows it")));
}

TEST_F(Suggesting, ALooseRoaIsNoReasonForLengthsButAWarning) {
  has_rpki = true;
  vrps = {{p("203.0.113.0/24"), 28, 64500}};
  seen("203.0.113.0/24", {64496, 64500});
  const Suggestion made = suggestion();
  EXPECT_FALSE(made.expectation.lengths);
  EXPECT_THAT(made.warnings, ElementsAre(HasSubstr("RFC 9319")));
}

TEST_F(Suggesting, NothingKnownChangesNothing) {
  const Suggestion made = suggestion();
  EXPECT_EQ(made.expectation, current);
  EXPECT_THAT(made.warnings, ElementsAre("no origin is known for 203.0.113.0/24: anybody stays allowed"));
}

TEST_F(Suggesting, TwoViewsOfOneSessionAreOnePeerAndLocRibCountsOnlyAlone) {
  seen("203.0.113.0/24", {64496, 64500});
  rib::Peer again = *routes.front().peer;
  again.key.rib_kind = post_policy;
  routes.push_back(routes.front());
  routes.back().peer = std::make_shared<const rib::Peer>(again);
  again.key.rib_kind = loc_rib;
  again.key.address = net::Address();
  routes.push_back(routes.front());
  routes.back().peer = std::make_shared<const rib::Peer>(again);
  EXPECT_THAT(why(suggestion(), "asn"), ElementsAre(HasSubstr("seen at 1 peer of 1 router")));
}

TEST(ChangedFields, AreWhatAPatchNeedsAndNoMore) {
  model::Expectation before, after;
  before.prefix = after.prefix = p("203.0.113.0/24");
  before.any_origin = true;
  before.description = "x";
  after.origins = {{64500, 64500}};
  after.upstreams = {{64496}};
  EXPECT_EQ(json::serialize(patch_of(before, after)),
            R"({"asn":[64500],"description":null,"upstreams":[64496]})");
  EXPECT_EQ(json::serialize(changed_fields(before, after)),
            R"([{"field":"asn","before":"any","after":[64500]},{"field":"description","before":"x"},)"
            R"({"field":"upstreams","after":[64496]}])");
  EXPECT_TRUE(changed_fields(after, after).empty());
}

}  // namespace

}  // namespace peering::detect
