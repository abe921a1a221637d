#include "wire/bgp/fsm.h"

#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wire/bgp/notification.h"

namespace peering::wire::bgp {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using Bytes = std::vector<std::uint8_t>;
using Kind = Timer::Kind;

constexpr net::Asn own_asn = 64500, peer_asn = 64496;

Open open_of(net::Asn asn, std::uint32_t identifier) {
  Open out;
  out.asn = asn;
  out.hold_time_s = 90;
  out.bgp_identifier = net::Address::v4(identifier);
  out.four_octet_asn = out.route_refresh = out.enhanced_route_refresh = out.extended_message = true;
  out.families = {ipv4_unicast, ipv6_unicast};
  out.graceful_restart = Open::GracefulRestart{false, true, 0, {}};
  return out;
}
Open peer_open() { return open_of(peer_asn, 9); }

Open restartable_open() {
  Open out = peer_open();
  out.graceful_restart =
      Open::GracefulRestart{false, true, 120, {{ipv4_unicast, true}, {ipv6_unicast, true}}};
  return out;
}

FsmSettings settings_of(bool passive = true) {
  FsmSettings out;
  out.open = open_of(own_asn, 5);
  out.peer_asn = peer_asn;
  out.passive = passive;
  return out;
}

Bytes update_message() {
  Update update;
  update.attributes.as_path = AsPath::sequence({peer_asn});
  update.attributes.next_hop = net::Address::v4(0xc0000201);
  update.announced = {{*net::Prefix::parse("203.0.113.0/24"), 0}};
  return encode_update(update, {}).value();
}

// Wraps a body that need not be good.
Bytes raw_message(MessageType type, Bytes body) {
  Bytes out(16, 0xff);
  out.push_back(static_cast<std::uint8_t>((body.size() + 19) >> 8));
  out.push_back(static_cast<std::uint8_t>(body.size() + 19));
  out.push_back(static_cast<std::uint8_t>(type));
  out.insert(out.end(), body.begin(), body.end());
  return out;
}

// A neighbour's machine and what it did since it was last looked at.
struct Machine {
  Fsm fsm;
  Actions actions;

  explicit Machine(const FsmSettings& settings = settings_of()) : fsm(settings) { fsm.start(actions); }

  template <class T>
  std::vector<T> all() const {
    std::vector<T> out;
    for (const Action& action : actions) {
      if (const T* match = std::get_if<T>(&action)) out.push_back(*match);
    }
    return out;
  }
  std::optional<Notification> sent() const {
    for (const auto& passed : all<NotificationPassed>()) {
      if (passed.sent) return passed.notification;
    }
    return std::nullopt;
  }
  std::vector<MessageType> sent_types() const {
    std::vector<MessageType> out;
    for (const auto& send : all<SendBytes>()) out.push_back(decode_message(send.bytes).value().type);
    return out;
  }
  std::optional<std::chrono::milliseconds> started(Kind kind) const {
    std::optional<std::chrono::milliseconds> out;
    for (const auto& start : all<StartTimer>()) {
      if (start.timer.kind == kind) out = start.after;
    }
    return out;
  }
  std::size_t give(const Bytes& bytes, std::size_t slot = 0) {
    actions.clear();
    return fsm.take(slot, bytes, actions);
  }
  void expire(Kind kind, std::size_t slot = 0) {
    actions.clear();
    fsm.expired({kind, slot}, actions);
  }
  void connect(bool ours = false) {
    actions.clear();
    fsm.connected(ours, actions);
  }
  Machine& to(State state, const Open& peer = peer_open()) {
    if (state >= State::open_sent) connect();
    if (state >= State::open_confirm) give(encode_open(peer));
    if (state >= State::established) give(encode_keepalive());
    EXPECT_EQ(fsm.state(), state);
    return *this;
  }
};

constexpr State connected_states[] = {State::open_sent, State::open_confirm, State::established};

TEST(Fsm, EstablishesAPassiveSession) {
  Machine machine;
  EXPECT_EQ(machine.fsm.state(), State::active);
  machine.connect();
  EXPECT_EQ(machine.sent_types(), std::vector{MessageType::open});
  EXPECT_EQ(machine.started(Kind::hold), 60s);
  machine.give(encode_open(peer_open()));
  EXPECT_EQ(machine.sent_types(), std::vector{MessageType::keepalive});
  EXPECT_EQ(machine.started(Kind::hold), 90s);
  EXPECT_LE(machine.started(Kind::keepalive), 30s);
  EXPECT_GE(machine.started(Kind::keepalive), 22s);
  machine.give(encode_keepalive());
  ASSERT_EQ(machine.all<SessionUp>().size(), 1U);
  EXPECT_EQ(machine.all<SessionUp>()[0].peer, peer_open());
  EXPECT_FALSE(machine.all<SessionUp>()[0].resumes);
  machine.give(update_message());
  ASSERT_EQ(machine.all<RoutesReceived>().size(), 1U);
  EXPECT_EQ(machine.all<RoutesReceived>()[0].update.announced_count, 1U);
  EXPECT_EQ(machine.started(Kind::hold), 90s) << "an UPDATE restarts the hold timer";
}

TEST(Fsm, OpensConnectionsAndTriesAgainWithLongerPauses) {
  Machine machine(settings_of(false));
  EXPECT_EQ(machine.fsm.state(), State::connect);
  EXPECT_EQ(machine.all<OpenConnection>().size(), 1U);
  std::chrono::milliseconds before{0};
  for (int i = 0; i < 4; ++i) {
    machine.actions.clear();
    machine.fsm.connect_failed(machine.actions);
    EXPECT_EQ(machine.fsm.state(), State::active);
    const auto pause = machine.started(Kind::connect_retry).value();
    EXPECT_GT(pause, before);
    before = pause;
    machine.expire(Kind::connect_retry);
    EXPECT_EQ(machine.all<OpenConnection>().size(), 1U);
  }
  for (int i = 0; i < 100; ++i) {
    machine.actions.clear();
    machine.fsm.connect_failed(machine.actions);
    EXPECT_LE(machine.started(Kind::connect_retry).value(), 30s);
    machine.expire(Kind::connect_retry);
  }
  machine.connect(true);
  EXPECT_EQ(machine.fsm.state(), State::open_sent);
}

TEST(Fsm, AConnectionThatIsNotAwaitedIsRefused) {
  Actions actions;
  Fsm stopped(settings_of());
  EXPECT_FALSE(stopped.connected(false, actions).has_value()) << "not started";
  Machine held_off;
  held_off.to(State::open_sent);
  held_off.fsm.closed(0, "closed", held_off.actions);
  EXPECT_FALSE(held_off.fsm.connected(false, actions).has_value());
  Machine established;
  established.to(State::established);
  EXPECT_FALSE(established.fsm.connected(false, actions).has_value());
  Machine full;
  full.connect();
  full.connect();
  EXPECT_FALSE(full.fsm.connected(false, actions).has_value()) << "two connections are all there are";
}

TEST(Fsm, ANotificationEndsEveryState) {
  for (const State state : connected_states) {
    Machine machine;
    machine.to(state);
    machine.give(encode_notification(cease(CeaseSubcode::administrative_shutdown, "good night")));
    EXPECT_EQ(machine.fsm.state(), State::idle) << to_string(state);
    EXPECT_FALSE(machine.sent().has_value()) << "a NOTIFICATION is never answered";
    EXPECT_EQ(machine.all<CloseConnection>().size(), 1U);
    EXPECT_EQ(machine.all<SessionDown>().size(), state == State::established ? 1U : 0U);
    if (state == State::established) {
      EXPECT_THAT(machine.all<SessionDown>()[0].reason, HasSubstr("administrative shutdown, \"good night\""));
    }
    EXPECT_TRUE(machine.started(Kind::hold_off).has_value());
  }
}

TEST(Fsm, UnexpectedMessagesAreNamedByStateAndType) {
  const std::pair<MessageType, Bytes> messages[] = {
      {MessageType::open, encode_open(peer_open())},
      {MessageType::update, update_message()},
      {MessageType::keepalive, encode_keepalive()},
      {MessageType::route_refresh, encode_route_refresh({ipv4_unicast, 0})}};
  for (const State state : connected_states) {
    for (const auto& [type, bytes] : messages) {
      const bool expected = state == State::open_sent      ? type == MessageType::open
                            : state == State::open_confirm ? type == MessageType::keepalive
                                                           : type != MessageType::open;
      Machine machine;
      machine.to(state).give(bytes);
      const auto number = static_cast<std::uint8_t>(type);
      const std::uint8_t subcode = state == State::open_sent ? 1 : state == State::open_confirm ? 2 : 3;
      if (expected) {
        EXPECT_EQ(machine.sent(), std::nullopt) << to_string(state) << " " << int{number};
      } else {
        EXPECT_EQ(machine.sent(), (Notification{5, subcode, {number}})) << to_string(state);
        EXPECT_EQ(machine.fsm.state(), State::idle);
      }
    }
  }
}

TEST(Fsm, DamagedHeadersAreAnsweredInEveryState) {
  Bytes marker = encode_keepalive();
  marker[3] = 0;
  for (const State state : connected_states) {
    Machine machine;
    EXPECT_EQ(machine.to(state).give(marker), 0U);
    EXPECT_EQ(machine.sent(), (Notification{1, 1})) << to_string(state);
    Machine type;
    type.to(state).give(raw_message(static_cast<MessageType>(77), {}));
    EXPECT_EQ(type.sent(), (Notification{1, 3, {77}}));
    Machine length;
    length.to(state).give(raw_message(MessageType::keepalive, {0}));
    EXPECT_EQ(length.sent(), (Notification{1, 2, {0, 20}}));
  }
}

TEST(Fsm, LongMessagesComeOnlyWhereTheyWereAgreed) {
  Bytes header = raw_message(MessageType::update, Bytes(5000));
  header.resize(header_bytes);
  Machine agreed;
  EXPECT_EQ(agreed.to(State::established).give(header), 0U);
  EXPECT_EQ(agreed.sent(), std::nullopt);
  Open plain = peer_open();
  plain.extended_message = false;
  Machine refused;
  refused.to(State::established, plain).give(header);
  EXPECT_EQ(refused.sent().value().subcode, 2);
}

TEST(Fsm, BadOpensAreRefusedByName) {
  struct Case {
    std::string_view what;
    Notification expected;
    std::function<void(Open&)> change;
  };
  const Case cases[] = {
      {"another AS", {2, 2}, [](Open& open) { open.asn = 65001; }},
      {"AS 0", {2, 2}, [](Open& open) { open.asn = 0; }},
      {"AS 0 in two octets", {2, 2}, [](Open& open) { open.asn = 0, open.four_octet_asn = false; }},
      {"identifier 0", {2, 3}, [](Open& open) { open.bgp_identifier = net::Address::v4(0); }},
      {"a parameter", {2, 4}, [](Open& open) { open.other_parameters = {{1, {2}}}; }},
      {"hold time 1", {2, 6}, [](Open& open) { open.hold_time_s = 1; }},
      {"hold time 2", {2, 6}, [](Open& open) { open.hold_time_s = 2; }},
      {"families",
       {2, 7, {1, 4, 0, 1, 0, 1, 1, 4, 0, 2, 0, 1}},
       [](Open& open) { open.families = {{25, 65}}; }},
      {"a role that does not fit", {2, 11}, [](Open& open) { open.roles = {3}; }},
      {"roles that contradict", {2, 11}, [](Open& open) { open.roles = {0, 3}; }},
      {"a role without name", {2, 11}, [](Open& open) { open.roles = {9}; }}};
  for (const Case& test : cases) {
    FsmSettings settings = settings_of();
    settings.open.roles = {3};  // we are the customer
    Open open = peer_open();
    test.change(open);
    Machine machine(settings);
    machine.to(State::open_sent).give(encode_open(open));
    EXPECT_EQ(machine.sent(), test.expected) << test.what;
    EXPECT_EQ(machine.fsm.state(), State::idle) << test.what;
  }
}

TEST(Fsm, OpensThatCannotBeReadAreRefused) {
  Bytes version = encode_open(peer_open());
  version[19] = 3;
  Machine machine;
  machine.to(State::open_sent).give(version);
  EXPECT_EQ(machine.sent(), (Notification{2, 1, {0, 4}}));
  Bytes lying = encode_open(peer_open());
  lying[28] = 200;
  Machine other;
  other.to(State::open_sent).give(lying);
  EXPECT_EQ(other.sent(), (Notification{2, 0}));
}

TEST(Fsm, TheSameIdentifierIsBadInsideAnAsOnly) {
  FsmSettings settings = settings_of();
  settings.peer_asn = own_asn;
  Machine internal(settings);
  internal.to(State::open_sent).give(encode_open(open_of(own_asn, 5)));
  EXPECT_EQ(internal.sent(), (Notification{2, 3}));
  Machine external;
  external.to(State::open_sent).give(encode_open(open_of(peer_asn, 5)));
  EXPECT_EQ(external.fsm.state(), State::open_confirm) << "RFC 6286";
}

TEST(Fsm, RolesThatFitAndAbsentRolesAreTaken) {
  FsmSettings settings = settings_of();
  settings.open.roles = {3};
  Open provider = peer_open();
  provider.roles = {0, 0};
  Machine machine(settings);
  machine.to(State::established, provider);
  Machine without(settings);
  without.to(State::established, peer_open());
  settings.role_strict = true;
  Machine strict(settings);
  strict.to(State::open_sent).give(encode_open(peer_open()));
  EXPECT_EQ(strict.sent(), (Notification{2, 11}));
}

TEST(Fsm, TheHoldTimerEndsEveryState) {
  for (const State state : connected_states) {
    Machine machine;
    machine.to(state).expire(Kind::hold);
    EXPECT_EQ(machine.sent(), (Notification{4, 0})) << to_string(state);
    EXPECT_EQ(machine.fsm.state(), State::idle);
    machine.expire(Kind::hold);
    EXPECT_TRUE(machine.actions.empty()) << "a timer that fires late means nothing";
  }
}

TEST(Fsm, KeepalivesGoOutWhileThereIsAHoldTime) {
  Machine machine;
  machine.to(State::established).expire(Kind::keepalive);
  EXPECT_EQ(machine.sent_types(), std::vector{MessageType::keepalive});
  EXPECT_TRUE(machine.started(Kind::keepalive).has_value());
  Open patient = peer_open();
  patient.hold_time_s = 0;
  Machine without;
  without.connect();
  without.give(encode_open(patient));
  EXPECT_FALSE(without.started(Kind::keepalive).has_value());
  EXPECT_FALSE(without.started(Kind::hold).has_value());
}

TEST(Fsm, OfTwoConnectionsTheOneOfTheLargerIdentifierStays) {
  for (const bool peer_is_larger : {true, false}) {
    for (const bool ours_first : {true, false}) {
      Machine machine(settings_of(false));
      machine.connect(ours_first);   // slot 0
      machine.connect(!ours_first);  // slot 1
      const Open peer = open_of(peer_asn, peer_is_larger ? 9 : 1);
      machine.give(encode_open(peer), 0);
      machine.give(encode_open(peer), 1);
      const bool ours_stays = !peer_is_larger;
      const std::size_t stays = ours_first == ours_stays ? 0 : 1;
      EXPECT_EQ(machine.fsm.state(stays), State::open_confirm);
      EXPECT_TRUE(machine.fsm.is_free(1 - stays));
      EXPECT_EQ(machine.sent(), (Notification{6, 7}));
      EXPECT_FALSE(machine.started(Kind::hold_off).has_value()) << "a collision is no failure";
    }
  }
}

TEST(Fsm, EqualIdentifiersCollideByAsNumber) {
  Machine machine(settings_of(false));
  machine.connect(true);
  machine.connect(false);
  machine.give(encode_open(open_of(peer_asn, 5)), 0);
  machine.give(encode_open(open_of(peer_asn, 5)), 1);
  EXPECT_EQ(machine.fsm.state(0), State::open_confirm) << "our AS is the larger one";
}

TEST(Fsm, WhoeverEstablishesFirstEndsTheOther) {
  Machine machine(settings_of(false));
  machine.connect(true);
  machine.connect(false);
  machine.give(encode_open(peer_open()), 0);
  machine.give(encode_keepalive(), 0);
  EXPECT_EQ(machine.fsm.state(0), State::established);
  EXPECT_TRUE(machine.fsm.is_free(1));
  EXPECT_EQ(machine.sent(), (Notification{6, 7}));
}

TEST(Fsm, LostConnectionsKeepTheRoutesOfWhoCanRestart) {
  Machine plain;
  plain.to(State::established);
  plain.actions.clear();
  plain.fsm.closed(0, "reset", plain.actions);
  EXPECT_EQ(plain.all<SessionDown>()[0].keep_routes_s, std::nullopt);

  Machine machine;
  machine.to(State::established, restartable_open());
  machine.actions.clear();
  machine.fsm.closed(0, "reset", machine.actions);
  EXPECT_EQ(machine.all<SessionDown>()[0].keep_routes_s, 120);
  machine.expire(Kind::hold_off);
  machine.to(State::established, restartable_open());
  EXPECT_TRUE(machine.all<SessionUp>()[0].resumes);
}

TEST(Fsm, RoutesAreVoidWhenForwardingWasNotKept) {
  Open forgetful = restartable_open();
  forgetful.graceful_restart->entries[1].forwarding_kept = false;
  Machine machine;
  machine.to(State::established, restartable_open());
  machine.fsm.closed(0, "reset", machine.actions);
  machine.expire(Kind::hold_off);
  machine.to(State::established, forgetful);
  EXPECT_FALSE(machine.all<SessionUp>()[0].resumes);
}

TEST(Fsm, ASoftNotificationKeepsRoutesAndAHardOneDoesNot) {
  struct Case {
    bool n_bit;
    Notification notification;
    bool kept;
  };
  const Case cases[] = {{true, {6, 4}, true}, {true, {6, 9, {6, 2}}, false}, {false, {6, 4}, false}};
  for (const Case& test : cases) {
    Open peer = restartable_open();
    peer.graceful_restart->notification = test.n_bit;
    Machine machine;
    machine.to(State::established, peer).give(encode_notification(test.notification));
    EXPECT_EQ(machine.all<SessionDown>()[0].keep_routes_s.has_value(), test.kept);
  }
}

TEST(Fsm, ARouterThatHasRestartedReplacesItsOldConnection) {
  Machine machine;
  machine.to(State::established, restartable_open());
  machine.actions.clear();
  ASSERT_EQ(machine.fsm.connected(false, machine.actions), 1U);
  EXPECT_EQ(machine.fsm.state(0), State::established) << "not before its OPEN";
  machine.give(encode_open(restartable_open()), 1);
  EXPECT_TRUE(machine.fsm.is_free(0));
  EXPECT_EQ(machine.sent(), std::nullopt);
  EXPECT_EQ(machine.all<SessionDown>()[0].keep_routes_s, 120);
  machine.give(encode_keepalive(), 1);
  EXPECT_TRUE(machine.all<SessionUp>()[0].resumes);
}

TEST(Fsm, MalformedUpdatesResetOrNotAsRfc7606Says) {
  struct Case {
    std::string_view what;
    Bytes body;
    std::optional<Notification> sent;
  };
  const Case cases[] = {
      {"withdrawn routes too long", {0, 9, 0, 0}, Notification{3, 1}},
      {"attributes too long", {0, 0, 0, 9}, Notification{3, 1}},
      {"a prefix of 33 bits", {0, 2, 33, 1, 0, 0}, Notification{3, 10}},
      {"MP_UNREACH_NLRI that cannot be read",
       {0, 0, 0, 4, 0x80, 15, 1, 0},
       Notification{3, 9, {0x80, 15, 1, 0}}},
      {"a well-known attribute that is not known",
       {0, 0, 0, 3, 0x40, 99, 0},
       Notification{3, 2, {0x40, 99, 0}}},
      {"ORIGIN of 9: the routes are withdrawn", {0, 0, 0, 4, 0x40, 1, 1, 9, 24, 203, 0, 113}, std::nullopt}};
  for (const Case& test : cases) {
    Machine machine;
    machine.to(State::established).give(raw_message(MessageType::update, test.body));
    EXPECT_EQ(machine.sent(), test.sent) << test.what;
    EXPECT_EQ(machine.all<UpdateFaulty>().size(), test.sent ? 1U : 0U);
    if (test.sent) continue;
    const auto routes = machine.all<RoutesReceived>();
    ASSERT_EQ(routes.size(), 1U);
    EXPECT_EQ(routes[0].update.outcome(), Outcome::treat_as_withdraw);
    EXPECT_EQ(routes[0].update.announced_count, 1U);
    EXPECT_EQ(machine.fsm.state(), State::established);
  }
}

TEST(Fsm, RouteRefreshIsAskedForAndAnswered) {
  Machine machine;
  machine.to(State::established);
  machine.actions.clear();
  EXPECT_TRUE(machine.fsm.refresh(ipv4_unicast, machine.actions));
  EXPECT_EQ(machine.sent_types(), std::vector{MessageType::route_refresh});
  EXPECT_FALSE(machine.fsm.refresh({25, 65}, machine.actions)) << "a family that was not agreed";
  machine.give(encode_route_refresh({ipv4_unicast, 0}));
  EXPECT_EQ(machine.sent_types().size(), 2U) << "we have nothing: it begins and ends";
  machine.give(encode_route_refresh({ipv4_unicast, 2}));
  EXPECT_EQ(machine.all<RefreshMarker>()[0].marker.subtype, 2);
  machine.give(encode_route_refresh({ipv4_unicast, 9}));
  EXPECT_EQ(machine.sent(), std::nullopt) << "unknown subtypes are passed over";
  const Bytes longer = raw_message(MessageType::route_refresh, {0, 1, 1, 1, 0});
  machine.give(longer);
  EXPECT_EQ(machine.sent(), (Notification{7, 1, longer}));
  EXPECT_FALSE(machine.fsm.refresh(ipv4_unicast, machine.actions)) << "no session";
}

TEST(Fsm, AStopSendsItsReasonAndStartsAgainWhenAsked) {
  for (const State state : connected_states) {
    Machine machine;
    machine.to(state).actions.clear();
    machine.fsm.stop({6, 1, {0, 1, 1, 0, 0, 0, 5}}, 300s, machine.actions);
    EXPECT_EQ(machine.sent().value().subcode, 1);
    EXPECT_EQ(machine.started(Kind::hold_off), 300s);
    EXPECT_EQ(machine.fsm.state(), State::idle);
    machine.expire(Kind::hold_off);
    EXPECT_EQ(machine.fsm.state(), State::active);
  }
  Machine forever;
  forever.to(State::established, restartable_open()).actions.clear();
  forever.fsm.stop(cease(CeaseSubcode::administrative_shutdown, "bye"), std::nullopt, forever.actions);
  EXPECT_FALSE(forever.started(Kind::hold_off).has_value());
  EXPECT_EQ(forever.all<SessionDown>()[0].keep_routes_s, std::nullopt);
  forever.expire(Kind::hold_off);
  EXPECT_EQ(forever.fsm.state(), State::idle);
}

TEST(Fsm, WhoFlapsIsHeldOffLongerUntilASessionLasts) {
  Machine machine;
  std::chrono::milliseconds total{0};
  for (int i = 0; i < 1000; ++i) {
    machine.to(State::established);
    machine.actions.clear();
    machine.fsm.closed(0, "gone", machine.actions);
    const auto pause = machine.started(Kind::hold_off).value();
    EXPECT_GE(pause, 750ms);
    EXPECT_LE(pause, 60s);
    total += pause;
    machine.expire(Kind::hold_off);
  }
  EXPECT_GT(total, 10h);
  machine.to(State::established).expire(Kind::stable);
  machine.actions.clear();
  machine.fsm.closed(0, "gone", machine.actions);
  EXPECT_LE(machine.started(Kind::hold_off).value(), 1s);
}

TEST(Fsm, PiecesOfAMessageWaitForTheRest) {
  Machine machine;
  machine.connect();
  const Bytes open = encode_open(peer_open());
  for (std::size_t size = 0; size < open.size(); ++size) {
    EXPECT_EQ(machine.give({open.begin(), open.begin() + static_cast<std::ptrdiff_t>(size)}), 0U);
    EXPECT_TRUE(machine.actions.empty());
  }
  EXPECT_EQ(machine.give(open), open.size());
}

}  // namespace
}  // namespace peering::wire::bgp
