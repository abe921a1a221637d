// BGP messages that fuzzers of other routing daemons found, most of them malformed: none may break a decoder,
// and what is said about each has to fit together.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "base/byte_cursor.h"
#include "wire/bgp/fsm.h"
#include "wire/bgp/notification.h"
#include "wire/bgp/update.h"
#include "wire/mrt/decompress.h"

namespace peering::wire::bgp {
namespace {

using Octets = std::vector<std::uint8_t>;
using Span = std::span<const std::uint8_t>;

Octets unpacked(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> packed{std::istreambuf_iterator<char>(file), {}};
  Span input(reinterpret_cast<const std::uint8_t*>(packed.data()), packed.size());
  const auto decompressor = mrt::make_decompressor(mrt::detect_compression(input));
  Octets out;
  while (!decompressor->complete() || !input.empty()) {
    const std::size_t before = input.size() + out.size();
    EXPECT_TRUE(decompressor->feed(input, out, 1 << 20));
    if (input.size() + out.size() == before) break;
  }
  return out;
}

// The files of a tar archive (POSIX.1-1988): a header of 512 bytes, the content, zeros up to the next 512.
std::vector<Octets> files_of(const Octets& archive) {
  constexpr std::size_t block = 512, size_at = 124, size_bytes = 12, type_at = 156;
  std::vector<Octets> out;
  for (std::size_t at = 0; at + block <= archive.size() && archive[at] != 0;) {
    const std::string digits(archive.begin() + static_cast<std::ptrdiff_t>(at + size_at),
                             archive.begin() + static_cast<std::ptrdiff_t>(at + size_at + size_bytes));
    const std::size_t size = std::stoul(digits, nullptr, 8);
    const char type = static_cast<char>(archive[at + type_at]);
    at += block;
    if (type == '0' || type == 0) {
      const Span content = Span(archive).subspan(at, size);
      out.emplace_back(content.begin(), content.end());
    }
    at += (size + block - 1) / block * block;
  }
  return out;
}

const std::vector<Octets>& messages() {
  static const std::vector<Octets> all = [] {
    const char* given = std::getenv("PEERING_SHARED");
    const auto path = std::filesystem::path(given ? given : PEERING_SOURCE_DIR "/../shared") /
                      "data/bgp-fuzz/corpi-bgp-shared.tar.xz";
    return std::filesystem::exists(path) ? files_of(unpacked(path)) : std::vector<Octets>();
  }();
  return all;
}

bool announces(const Update& update) {
  return !update.announced.empty() || !update.mp_announced.empty() || !update.multicast_announced.empty();
}

bool withdraws(const Update& update) {
  return !update.withdrawn.empty() || !update.mp_withdrawn.empty() || !update.multicast_withdrawn.empty();
}

// RFC 4271 section 6.3: the two length fields have to fit; read here once more, by themselves.
bool lengths_fit(Span body) {
  ByteReader reader(body);
  reader.skip(reader.u16());
  reader.skip(reader.u16());
  return reader.ok();
}

void expect_sane(Span body, const SessionFacts& facts, const Update& update) {
  const auto outcome = update.outcome();
  if (!lengths_fit(body)) {
    EXPECT_EQ(outcome, Outcome::reset_session);
  }
  if (outcome >= Outcome::treat_as_withdraw) {
    EXPECT_FALSE(announces(update));
  }
  if (outcome == Outcome::reset_session) {
    EXPECT_FALSE(withdraws(update));
  }
  if (!announces(update) || outcome) return;
  // What is good can be written, and is the same when it is read again.
  if (!facts.four_octet_asn) return;  // there AS4_PATH takes part
  Update again = update;
  again.end_of_rib.reset();
  again.other_families = {};
  if (!update.multicast_announced.empty() || !update.multicast_withdrawn.empty()) return;
  const auto message = encode_update(again, facts);
  if (!message) return;  // families that do not go together
  Update back = decode_update(Span(*message).subspan(header_bytes), facts);
  back.end_of_rib.reset();
  EXPECT_EQ(back.issues, std::vector<Issue>());
  EXPECT_EQ(back.attributes, update.attributes);
  EXPECT_EQ(back.announced, update.announced);
  EXPECT_EQ(back.mp_announced, update.mp_announced);
}

TEST(FuzzedMessages, EveryUpdateHasAnOutcomeThatFitsItsRoutes) {
  if (messages().empty()) GTEST_SKIP() << "skipped: no shared data";
  ASSERT_EQ(messages().size(), 2355U);
  std::size_t updates = 0, of_outcome[4] = {};
  for (const Octets& bytes : messages()) {
    const auto message = decode_message(bytes, true);
    if (!message || message->type != MessageType::update) continue;
    ++updates;
    for (int bits = 0; bits < 24; ++bits) {
      SessionFacts facts{(bits & 1) == 0, (bits & 2) != 0, (bits & 4) != 0};
      facts.neighbor = static_cast<Neighbor>(bits / 8);
      SCOPED_TRACE(testing::Message() << "update " << updates << ", facts " << bits);
      const Update update = decode_update(message->body, facts);
      expect_sane(message->body, facts, update);
      const auto outcome = update.outcome();
      if (bits == 16) ++of_outcome[outcome ? 1 + static_cast<std::size_t>(*outcome) : 0];
    }
  }
  RecordProperty("good", static_cast<int>(of_outcome[0]));
  EXPECT_GT(updates, 1000U);
  for (const std::size_t count : of_outcome) EXPECT_GT(count, 0U) << "every outcome is among them";
}

TEST(FuzzedMessages, EveryOtherMessageIsReadOrRefused) {
  if (messages().empty()) GTEST_SKIP() << "skipped: no shared data";
  std::size_t opens = 0;
  for (const Octets& bytes : messages()) {
    for (const bool extended : {false, true}) {
      if (bytes.size() < header_bytes) continue;
      const auto length = message_length(bytes, extended);
      if (!length) {
        EXPECT_EQ(length.error().code, 1) << "a header that is wrong";
      }
    }
    const auto message = decode_message(bytes, true);
    if (!message) continue;
    if (message->type == MessageType::open) {
      const auto open = decode_open(message->body);
      opens += open.has_value();
      if (open) {
        EXPECT_TRUE(decode_open(Span(encode_open(*open)).subspan(header_bytes)));
      }
    }
    if (message->type == MessageType::route_refresh) (void)decode_route_refresh(message->body);
    if (message->type != MessageType::notification) continue;
    if (const auto said = decode_notification(message->body)) {
      EXPECT_FALSE(to_text(*said).empty());
    }
  }
  EXPECT_GT(opens, 0U);
}

Open open_from(net::Asn asn, std::uint32_t identifier) {
  Open out;
  out.asn = asn;
  out.hold_time_s = 90;
  out.bgp_identifier = net::Address::v4(identifier);
  out.four_octet_asn = out.route_refresh = true;
  out.families = {ipv4_unicast, ipv6_unicast};
  return out;
}

// In OpenSent or Established; after a message that is not taken the connection is closed with a NOTIFICATION.
void expect_answer(Span bytes, bool established) {
  FsmSettings settings;
  settings.open = open_from(64500, 5);
  settings.peer_asn = 64496;
  Fsm fsm(settings);
  Actions actions;
  fsm.start(actions);
  const auto slot = fsm.connected(true, actions);
  ASSERT_TRUE(slot);
  if (established) {
    const auto hello = encode_open(open_from(64496, 9)), alive = encode_keepalive();
    fsm.take(*slot, hello, actions);
    fsm.take(*slot, alive, actions);
    ASSERT_TRUE(fsm.is_established(*slot));
  }
  actions.clear();
  while (!bytes.empty()) {
    const std::size_t used = fsm.take(*slot, bytes, actions);
    ASSERT_LE(used, bytes.size());
    if (used == 0) break;
    bytes = bytes.subspan(used);
  }
  for (const Action& action : actions) {
    if (const auto* sent = std::get_if<SendBytes>(&action)) {
      EXPECT_TRUE(decode_message(sent->bytes));
    }
    if (const auto* got = std::get_if<RoutesReceived>(&action)) {
      EXPECT_NE(got->update.outcome(), Outcome::reset_session);
    }
  }
}

TEST(FuzzedMessages, ANeighborThatSendsThemMeetsTheRulesOfItsState) {
  if (messages().empty()) GTEST_SKIP() << "skipped: no shared data";
  for (const Octets& bytes : messages()) {
    expect_answer(bytes, false);
    expect_answer(bytes, true);
  }
}

}  // namespace
}  // namespace peering::wire::bgp
