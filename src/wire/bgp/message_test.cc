#include "wire/bgp/message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "wire/bgp/notification.h"
#include "wire/bgp/session.h"

namespace peering::wire::bgp {
namespace {

using testing::HasSubstr;

std::span<const std::uint8_t> body_of(const std::vector<std::uint8_t>& message) {
  return decode_message(message).value().body;
}

std::vector<std::uint8_t> message_of(std::uint16_t length, std::uint8_t type, std::size_t body_bytes) {
  std::vector<std::uint8_t> out(16, 0xff);
  out.push_back(static_cast<std::uint8_t>(length >> 8));
  out.push_back(static_cast<std::uint8_t>(length));
  out.push_back(type);
  out.resize(out.size() + body_bytes);
  return out;
}

TEST(Message, ExtendedMessagesAreWhole) {
  EXPECT_EQ(decode_message(message_of(65535, 2, 65535 - 19)).value().body.size(), 65516U);
}

TEST(Message, ErrorsNameTheLengthAndTheRule) {
  EXPECT_THAT(decode_message(std::vector<std::uint8_t>(7)).error().message, HasSubstr("7 bytes are less"));
  EXPECT_THAT(decode_message(message_of(18, 2, 0)).error().message, HasSubstr("length 18"));
  EXPECT_THAT(decode_message(message_of(100, 2, 0)).error().message, HasSubstr("length 100 does not fit 19"));
  EXPECT_THAT(decode_message(message_of(19, 2, 1)).error().message, HasSubstr("length 19 does not fit 20"));
  EXPECT_TRUE(decode_message(message_of(19, 4, 1), true).has_value());
  EXPECT_THAT(decode_message(message_of(19, 6, 0)).error().message, HasSubstr("unknown type 6"));
}

TEST(Open, AnyCapabilitiesRoundTrip) {
  EXPECT_TRUE(rc::check([](std::vector<std::pair<std::uint16_t, std::uint8_t>> families,
                           std::vector<std::uint8_t> directions, std::uint32_t asn, bool extended) {
    Open open;
    open.four_octet_asn = asn > 65535;
    open.asn = asn;
    open.extended_message = extended;
    open.bgp_identifier = net::Address::v4(asn ^ 0x0a000001);
    for (const auto& [afi, safi] : families) open.families.push_back({afi, safi});
    for (const std::uint8_t direction : directions) {
      const int mode = direction % 3 + 1;
      open.add_path.push_back({{direction, 1}, (mode & 1) != 0, (mode & 2) != 0});
    }
    RC_ASSERT(decode_open(body_of(encode_open(open))).value() == open);
  }));
}

TEST(Open, ManyCapabilitiesNeedExtendedParameters) {
  Open open;
  open.bgp_identifier = net::Address::v4(1);
  for (std::uint16_t afi = 0; afi < 100; ++afi) {
    open.families.push_back({afi, 1});
    open.add_path.push_back({{afi, 1}, true, true});
  }
  EXPECT_EQ(decode_open(body_of(encode_open(open))).value(), open);
}

TEST(Open, LyingLengthsAreErrors) {
  Open open;
  open.four_octet_asn = true;
  const auto message = encode_open(open);
  const auto body = body_of(message);
  for (std::size_t size = 0; size < body.size(); ++size) {
    EXPECT_FALSE(decode_open(body.first(size)).has_value()) << size;
  }
  std::vector<std::uint8_t> lying(body.begin(), body.end());
  lying[13] = 200;  // of the four-octet capability
  EXPECT_THAT(decode_open(lying).error().message, HasSubstr("capability 65 is longer"));
  lying[0] = 3;
  EXPECT_THAT(decode_open(lying).error().message, HasSubstr("version 3 is not 4"));
}

TEST(Open, AddPathDirectionsThatMeanNothingAreLeftOut) {
  Open open;
  open.add_path = {{ipv4_unicast, true, true}};
  auto message = encode_open(open);
  message.back() = 4;
  EXPECT_TRUE(decode_open(body_of(message)).value().add_path.empty());
}

TEST(Session, PathIdentifiersComeWhenOneSendsAndTheOtherReceives) {
  Open sender, receiver;
  sender.four_octet_asn = receiver.four_octet_asn = true;
  sender.add_path = {{ipv4_unicast, false, true}, {ipv6_unicast, true, false}};
  receiver.add_path = {{ipv4_unicast, true, false}, {ipv6_unicast, true, false}};
  const SessionFacts facts = agreed_facts(sender, receiver);
  EXPECT_TRUE(facts.four_octet_asn);
  EXPECT_TRUE(facts.add_path_ipv4);
  EXPECT_FALSE(facts.add_path_ipv6);
  EXPECT_FALSE(agreed_facts(receiver, sender).add_path_ipv4);
  receiver.four_octet_asn = false;
  EXPECT_FALSE(agreed_facts(sender, receiver).four_octet_asn);
}

TEST(Message, HeadersAreJudgedAsTheNotificationNeeds) {
  const auto fault = [](std::vector<std::uint8_t> bytes, bool extended = false) {
    const auto length = message_length(bytes, extended);
    return length ? Notification{} : length.error();
  };
  EXPECT_EQ(message_length(message_of(19, 4, 0), false).value(), 19U);
  EXPECT_EQ(message_length(std::vector<std::uint8_t>(18), false).value(), 0U);
  EXPECT_EQ(fault(std::vector<std::uint8_t>(19)), (Notification{1, 1}));
  EXPECT_EQ(fault(message_of(19, 9, 0)), (Notification{1, 3, {9}}));
  EXPECT_EQ(fault(message_of(20, 4, 1)), (Notification{1, 2, {0, 20}}));
  const std::pair<std::uint8_t, std::uint16_t> too_short[] = {{1, 28}, {2, 22}, {3, 20}, {4, 18}, {5, 22}};
  for (const auto& [type, length] : too_short) {
    EXPECT_EQ(fault(message_of(length, type, 0)),
              (Notification{1, 2, {0, static_cast<std::uint8_t>(length)}}));
  }
  EXPECT_EQ(fault(message_of(4097, 2, 0)), (Notification{1, 2, {16, 1}}));
  EXPECT_EQ(message_length(message_of(4097, 2, 0), true).value(), 4097U);
  EXPECT_EQ(fault(message_of(4097, 1, 0), true), (Notification{1, 2, {16, 1}})) << "an OPEN is never long";
}

Open open_with_everything() {
  Open open;
  open.asn = 4200000000;
  open.four_octet_asn = open.extended_message = open.route_refresh = open.enhanced_route_refresh = true;
  open.bgp_identifier = net::Address::v4(7);
  open.families = {ipv4_unicast, ipv6_unicast, {25, 70}};
  open.extended_next_hop = {{1, 1, 2}, {1, 128, 2}};
  open.graceful_restart =
      Open::GracefulRestart{true, true, 4095, {{ipv4_unicast, true}, {ipv6_unicast, false}}};
  open.long_lived = {{ipv4_unicast, true, 0xfffffe}};
  open.roles = {3};
  open.host_name = Open::HostName{"edge-1", "example.net"};
  open.other_capabilities = {{128, {}}, {239, {1, 2, 3}}};
  return open;
}

TEST(Open, EveryCapabilityRoundTrips) {
  Open open = open_with_everything();
  EXPECT_EQ(decode_open(body_of(encode_open(open))).value(), open);
  for (std::uint8_t i = 0; i < 100; ++i) {
    open.extended_next_hop.push_back({i, 1, 2});
    open.other_capabilities.push_back({200, std::vector<std::uint8_t>(i)});
  }
  EXPECT_EQ(decode_open(body_of(encode_open(open))).value(), open) << "in extended parameters";
  open.other_parameters = {{255, {1}}, {1, {}}};
  EXPECT_EQ(decode_open(body_of(encode_open(open))).value(), open);
}

TEST(Open, AnExtendedFormIsTakenWhateverLengthStandsBeforeIt) {
  Open open;
  open.other_parameters = {{255, {9}}};
  auto message = encode_open(open);
  message[28] = 1;  // RFC 9072 section 2: ignored on receipt
  EXPECT_EQ(decode_open(body_of(message)).value(), open);
}

TEST(Open, CapabilitiesOfWrongLengthAreKeptUnread) {
  for (const std::uint8_t code : {1, 2, 5, 6, 9, 64, 65, 69, 70, 71, 73}) {
    Open open;
    open.other_capabilities = {{code, {1, 2, 3}}};
    EXPECT_EQ(decode_open(body_of(encode_open(open))).value(), open) << int{code};
  }
}

TEST(Open, TheLastGracefulRestartCounts) {
  Open open;
  open.other_capabilities = {{64, {0x00, 0x78}}, {64, {0x40, 0x05, 0, 1, 1, 0x80}}};
  const auto read = decode_open(body_of(encode_open(open))).value();
  EXPECT_EQ(read.graceful_restart, (Open::GracefulRestart{false, true, 5, {{ipv4_unicast, true}}}));
  EXPECT_EQ(restart_time_s(read), 5);
  EXPECT_FALSE(restart_time_s(Open{}).has_value());
}

TEST(Session, IsWhatBothSaid) {
  Open us = open_with_everything(), them = open_with_everything();
  us.hold_time_s = 90, them.hold_time_s = 30;
  them.families = {ipv6_unicast, {1, 2}, ipv6_unicast};
  them.enhanced_route_refresh = false;
  const Agreement agreement = agree(them, us);
  EXPECT_EQ(agreement.families, std::vector{ipv6_unicast});
  EXPECT_EQ(agreement.hold_time_s, 30);
  EXPECT_TRUE(agreement.extended_message && agreement.route_refresh && agreement.facts.extended_next_hop);
  EXPECT_FALSE(agreement.enhanced_route_refresh);
  EXPECT_EQ(agreement.facts.neighbor, Neighbor::internal);
  them.asn = 3;
  EXPECT_EQ(agree(them, us).facts.neighbor, Neighbor::external);
  EXPECT_FALSE(agree(Open{}, us).facts.extended_next_hop);
  EXPECT_EQ(agree(Open{}, Open{}).families, std::vector{ipv4_unicast}) << "RFC 4760: when none is named";
}

TEST(Session, RolesFitInPairs) {
  const std::pair<Role, Role> fitting[] = {{Role::provider, Role::customer},
                                           {Role::customer, Role::provider},
                                           {Role::route_server, Role::route_server_client},
                                           {Role::route_server_client, Role::route_server},
                                           {Role::peer, Role::peer}};
  for (int local = 0; local <= 4; ++local) {
    for (int remote = 0; remote <= 255; ++remote) {
      const bool fits = std::ranges::any_of(fitting, [&](const auto& pair) {
        return static_cast<int>(pair.first) == local && static_cast<int>(pair.second) == remote;
      });
      EXPECT_EQ(roles_fit(static_cast<Role>(local), static_cast<std::uint8_t>(remote)), fits);
    }
  }
}

TEST(RouteRefresh, RoundTrips) {
  for (std::uint8_t subtype = 0; subtype < 4; ++subtype) {
    const RouteRefresh refresh{ipv6_unicast, subtype};
    EXPECT_EQ(decode_route_refresh(body_of(encode_route_refresh(refresh))).value(), refresh);
  }
  EXPECT_FALSE(decode_route_refresh(std::vector<std::uint8_t>(3)).has_value());
}

TEST(Notification, CarriesData) {
  const Notification hold{2, 1, {0, 4}};
  EXPECT_EQ(decode_notification(body_of(encode_notification(hold))).value(), hold);
  const Notification large{1, 0, std::vector<std::uint8_t>(70000)};
  EXPECT_EQ(encode_notification(large).size(), plain_message_bytes_max);
}

TEST(Notification, HasNames) {
  EXPECT_EQ(describe(6, 2), "cease: administrative shutdown");
  EXPECT_EQ(describe(4, 0), "hold timer expired");
  EXPECT_EQ(describe(6, 77), "cease: subcode 77");
  EXPECT_EQ(describe(5, 3), "finite state machine error: unexpected message in Established");
  EXPECT_EQ(describe(99, 1), "code 99, subcode 1");
  EXPECT_EQ(code_name(6), "cease");
  EXPECT_EQ(code_name(0), "unknown");
  EXPECT_EQ(code_name(255), "unknown");
}

TEST(Notification, WordsOfAnAdministratorAreKeptCleanForLogs) {
  const auto words = [](std::string_view text) {
    return shutdown_communication(cease(CeaseSubcode::administrative_shutdown, text));
  };
  EXPECT_EQ(words("maintenance, café"), "maintenance, café");
  EXPECT_EQ(words("line\nbreak \x1b[31m \xc3\x28 \xed\xa0\x80"), "line?break ?[31m ?( ???");
  EXPECT_EQ(words("\xe2\x80\xae"
                  "left"),
            "?left");
  EXPECT_EQ(words(""), std::nullopt);
  const std::string many(254, 'x');
  EXPECT_EQ(words(many + "é"), many) << "no half character";
  EXPECT_EQ(shutdown_communication({6, 2, {5, 'a'}}), std::nullopt) << "a length that lies";
  EXPECT_EQ(shutdown_communication({6, 1, {1, 'a'}}), std::nullopt) << "a cease of another kind";
  EXPECT_EQ(shutdown_communication({6, 4, {1, 'a'}}), "a");
}

TEST(Notification, AHardResetHoldsAnother) {
  const Notification hard{6, 9, {6, 2, 3, 'b', 'y', 'e'}};
  EXPECT_TRUE(is_hard_reset(hard));
  EXPECT_EQ(without_hard_reset(hard), (Notification{6, 2, {3, 'b', 'y', 'e'}}));
  EXPECT_EQ(to_text(hard), "hard reset, cease: administrative shutdown, \"bye\"");
  EXPECT_EQ(to_text({6, 9, {1}}), "cease: hard reset");
}

TEST(Notification, NeedsTwoBytes) {
  EXPECT_EQ(decode_notification(body_of(encode_notification({6, 4}))).value(), (Notification{6, 4}));
  EXPECT_FALSE(decode_notification(std::vector<std::uint8_t>{6}).has_value());
}

}  // namespace
}  // namespace peering::wire::bgp
