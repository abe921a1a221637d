// Every defect of an UPDATE and what it costs: the cases here are the lines of docs/malformed.md.
#include <fstream>
#include <set>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wire/bgp/update.h"

namespace peering::wire::bgp {
namespace {

using Field = std::vector<std::uint8_t>;

// Where the bytes come from.
enum class From { anywhere, external, internal, two_octet };

SessionFacts facts_of(From from) {
  SessionFacts out;
  if (from == From::external) out.neighbor = Neighbor::external;
  if (from == From::internal) out.neighbor = Neighbor::internal;
  out.four_octet_asn = from != From::two_octet;
  out.extended_next_hop = from == From::anywhere;
  return out;
}

// A good announcement of 203.0.113.0/24 with `attribute` added, or put in place of the one of its type.
struct Case {
  const char* attribute;
  const char* defect;
  std::optional<Outcome> outcome;
  const char* section;
  Field added;
  From from = From::anywhere;
};

constexpr Outcome discard = Outcome::discard_attribute;
constexpr Outcome withdraw = Outcome::treat_as_withdraw;
constexpr Outcome reset = Outcome::reset_session;

const Case cases[] = {
    {"ORIGIN", "length other than 1", withdraw, "7606 7.1", {0x40, 1, 2, 0, 0}},
    {"ORIGIN", "length 0", withdraw, "7606 7.1", {0x40, 1, 0}},
    {"ORIGIN", "value above 2", withdraw, "7606 7.1", {0x40, 1, 1, 3}},
    {"ORIGIN", "flags", withdraw, "7606 3 (c)", {0xc0, 1, 1, 0}},
    {"AS_PATH", "length 0 (no defect)", {}, "4271 5.1.2", {0x40, 2, 0}},
    {"AS_PATH", "unknown segment type", withdraw, "7606 7.2", {0x40, 2, 6, 5, 1, 0, 0, 0, 1}},
    {"AS_PATH", "empty segment", withdraw, "7606 7.2", {0x40, 2, 2, 2, 0}},
    {"AS_PATH", "segment longer than the attribute", withdraw, "7606 7.2", {0x40, 2, 6, 2, 2, 0, 0, 0, 1}},
    {"AS_PATH",
     "a byte left after the last segment",
     withdraw,
     "7606 7.2",
     {0x40, 2, 7, 2, 1, 0, 0, 0, 1, 2}},
    {"AS_PATH", "AS 0", withdraw, "7607 2", {0x40, 2, 10, 2, 2, 0, 0, 0, 1, 0, 0, 0, 0}},
    {"AS_PATH",
     "confederation segment (no defect inside the confederation)",
     {},
     "5065 5",
     {0x40, 2, 6, 3, 1, 0, 0, 0, 1},
     From::internal},
    {"AS_PATH",
     "confederation segment from an external neighbor",
     withdraw,
     "5065 5",
     {0x40, 2, 6, 3, 1, 0, 0, 0, 1},
     From::external},
    {"AS_PATH", "flags", withdraw, "7606 3 (c)", {0x80, 2, 0}},
    {"NEXT_HOP", "length other than 4", withdraw, "7606 7.3", {0x40, 3, 5, 192, 0, 2, 1, 0}},
    {"NEXT_HOP", "length 0", withdraw, "7606 7.3", {0x40, 3, 0}},
    {"NEXT_HOP",
     "not the address of a host, from a neighbor",
     withdraw,
     "4271 6.3, 7606 3 (e)",
     {0x40, 3, 4, 224, 0, 0, 1},
     From::external},
    {"NEXT_HOP", "0.0.0.0 in a table of others (no defect)", {}, "7854 4.6", {0x40, 3, 4, 0, 0, 0, 0}},
    {"NEXT_HOP", "flags", withdraw, "7606 3 (c)", {0x80, 3, 4, 192, 0, 2, 1}},
    {"MULTI_EXIT_DISC", "length other than 4", withdraw, "7606 7.4", {0x80, 4, 2, 0, 1}},
    {"MULTI_EXIT_DISC", "length 0", withdraw, "7606 7.4", {0x80, 4, 0}},
    {"MULTI_EXIT_DISC", "flags", withdraw, "7606 3 (c)", {0x40, 4, 4, 0, 0, 0, 1}},
    {"LOCAL_PREF", "length other than 4", withdraw, "7606 7.5", {0x40, 5, 3, 0, 0, 1}, From::internal},
    {"LOCAL_PREF",
     "from an external neighbor, good or not",
     discard,
     "7606 7.5",
     {0x40, 5, 4, 0, 0, 0, 1},
     From::external},
    {"LOCAL_PREF", "flags", withdraw, "7606 3 (c)", {0xc0, 5, 4, 0, 0, 0, 1}},
    {"ATOMIC_AGGREGATE", "length other than 0", discard, "7606 7.6", {0x40, 6, 1, 0}},
    {"ATOMIC_AGGREGATE", "flags", withdraw, "7606 3 (c)", {0xc0, 6, 0}},
    {"AGGREGATOR",
     "length other than 8 where AS numbers have four octets",
     discard,
     "7606 7.7",
     {0xc0, 7, 6, 0, 1, 192, 0, 2, 1}},
    {"AGGREGATOR",
     "length other than 6 where AS numbers have two octets",
     discard,
     "7606 7.7",
     {0xc0, 7, 8, 0, 0, 0, 1, 192, 0, 2, 1},
     From::two_octet},
    {"AGGREGATOR", "AS 0", discard, "7607 2", {0xc0, 7, 8, 0, 0, 0, 0, 192, 0, 2, 1}},
    {"AGGREGATOR", "flags", withdraw, "7606 3 (c)", {0x80, 7, 8, 0, 0, 0, 1, 192, 0, 2, 1}},
    {"COMMUNITIES", "length 0", withdraw, "7606 7.8", {0xc0, 8, 0}},
    {"COMMUNITIES", "length not a multiple of 4", withdraw, "7606 7.8", {0xc0, 8, 5, 1, 2, 3, 4, 5}},
    {"COMMUNITIES", "flags", withdraw, "7606 3 (c)", {0x80, 8, 4, 1, 2, 3, 4}},
    {"ORIGINATOR_ID", "length other than 4", withdraw, "7606 7.9", {0x80, 9, 3, 1, 2, 3}, From::internal},
    {"ORIGINATOR_ID",
     "from an external neighbor, good or not",
     discard,
     "7606 7.9",
     {0x80, 9, 4, 1, 2, 3, 4},
     From::external},
    {"ORIGINATOR_ID", "flags", withdraw, "7606 3 (c)", {0xc0, 9, 4, 1, 2, 3, 4}},
    {"CLUSTER_LIST", "length 0", withdraw, "7606 7.10", {0x80, 10, 0}, From::internal},
    {"CLUSTER_LIST", "length not a multiple of 4", withdraw, "7606 7.10", {0x80, 10, 3, 1, 2, 3}},
    {"CLUSTER_LIST",
     "from an external neighbor, good or not",
     discard,
     "7606 7.10",
     {0x80, 10, 4, 1, 2, 3, 4},
     From::external},
    {"CLUSTER_LIST", "flags", withdraw, "7606 3 (c)", {0xc0, 10, 4, 1, 2, 3, 4}},
    {"MP_REACH_NLRI", "shorter than 5 bytes", reset, "7606 5.3", {0x80, 14, 4, 0, 2, 1, 0}},
    {"MP_REACH_NLRI",
     "next hop longer than the attribute",
     reset,
     "7606 7.11",
     {0x80, 14, 6, 0, 2, 1, 16, 0, 0}},
    {"MP_REACH_NLRI",
     "next hop of a length that its family does not have",
     reset,
     "7606 7.11",
     {0x80, 14, 9, 0, 1, 1, 3, 1, 2, 3, 0, 0}},
    {"MP_REACH_NLRI",
     "IPv4 next hop of IPv6 routes",
     reset,
     "7606 7.11",
     {0x80, 14, 10, 0, 2, 1, 4, 192, 0, 2, 1, 0, 0}},
    {"MP_REACH_NLRI",
     "IPv6 next hop of IPv4 routes that was not agreed on",
     reset,
     "8950 3, 7606 7.11",
     {0x80, 14, 22, 0, 1, 1, 16, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0},
     From::external},
    {"MP_REACH_NLRI",
     "prefix length above the family's bits",
     reset,
     "7606 5.3",
     {0x80, 14, 15, 0, 1, 1, 4, 192, 0, 2, 1, 0, 33, 1, 2, 3, 4, 5}},
    {"MP_REACH_NLRI",
     "prefix longer than the attribute",
     reset,
     "7606 5.3",
     {0x80, 14, 11, 0, 1, 1, 4, 192, 0, 2, 1, 0, 24, 1}},
    {"MP_REACH_NLRI", "comes more than once", reset, "7606 3 (g)", {0x80, 14, 9, 0,   1,    1,  4, 192,
                                                                    0,    2,  1, 0,   0x80, 14, 9, 0,
                                                                    1,    1,  4, 192, 0,    2,  1, 0}},
    {"MP_REACH_NLRI", "flags", reset, "7606 5.3", {0xc0, 14, 9, 0, 1, 1, 4, 192, 0, 2, 1, 0}},
    {"MP_REACH_NLRI",
     "a family that is not read (no defect, whatever the routes)",
     {},
     "4760 7",
     {0x80, 14, 8, 0, 25, 70, 1, 9, 0, 255, 255}},
    {"MP_UNREACH_NLRI", "shorter than 3 bytes", reset, "7606 5.3", {0x80, 15, 2, 0, 2}},
    {"MP_UNREACH_NLRI",
     "prefix length above the family's bits",
     reset,
     "7606 5.3",
     {0x80, 15, 21, 0, 2, 1, 129, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17}},
    {"MP_UNREACH_NLRI", "prefix longer than the attribute", reset, "7606 5.3", {0x80, 15, 5, 0, 2, 1, 32, 1}},
    {"MP_UNREACH_NLRI",
     "comes more than once",
     reset,
     "7606 3 (g)",
     {0x80, 15, 3, 0, 2, 1, 0x80, 15, 3, 0, 2, 1}},
    {"MP_UNREACH_NLRI", "flags", reset, "7606 5.3", {0x40, 15, 3, 0, 2, 1}},
    {"EXTENDED COMMUNITIES", "length 0", withdraw, "7606 7.14", {0xc0, 16, 0}},
    {"EXTENDED COMMUNITIES",
     "length not a multiple of 8",
     withdraw,
     "7606 7.14",
     {0xc0, 16, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9}},
    {"EXTENDED COMMUNITIES", "flags", withdraw, "7606 3 (c)", {0x80, 16, 8, 1, 2, 3, 4, 5, 6, 7, 8}},
    {"AS4_PATH", "too short for a number", discard, "6793 6", {0xc0, 17, 0}},
    {"AS4_PATH",
     "segment unknown, empty or of another length",
     discard,
     "6793 6",
     {0xc0, 17, 6, 2, 2, 0, 0, 0, 1}},
    {"AS4_PATH", "AS 0", discard, "7607 2", {0xc0, 17, 6, 2, 1, 0, 0, 0, 0}},
    {"AS4_PATH", "flags", withdraw, "7606 3 (c)", {0x40, 17, 6, 2, 1, 0, 0, 0, 1}},
    {"AS4_AGGREGATOR", "length other than 8", discard, "6793 6", {0xc0, 18, 6, 0, 1, 192, 0, 2, 1}},
    {"AS4_AGGREGATOR", "AS 0", discard, "7607 2", {0xc0, 18, 8, 0, 0, 0, 0, 192, 0, 2, 1}},
    {"AS4_AGGREGATOR", "flags", withdraw, "7606 3 (c)", {0x40, 18, 8, 0, 0, 0, 1, 192, 0, 2, 1}},
    {"TRAFFIC ENGINEERING", "any value (no defect)", {}, "7606 7.13", {0x80, 24, 1, 9}},
    {"TRAFFIC ENGINEERING", "flags", withdraw, "7606 3 (c)", {0xc0, 24, 0}},
    {"IPV6 EXTENDED COMMUNITIES", "length 0", withdraw, "7606 7.15", {0xc0, 25, 0}},
    {"IPV6 EXTENDED COMMUNITIES",
     "length not a multiple of 20",
     withdraw,
     "7606 7.15",
     {0xc0, 25, 8, 1, 2, 3, 4, 5, 6, 7, 8}},
    {"IPV6 EXTENDED COMMUNITIES", "flags", withdraw, "7606 3 (c)", {0x80, 25, 0}},
    {"AIGP", "TLV shorter than 3 bytes", discard, "7311 3", {0x80, 26, 3, 1, 0, 2}},
    {"AIGP", "TLV longer than the attribute", discard, "7311 3", {0x80, 26, 4, 2, 0, 5, 1}},
    {"AIGP", "metric of another length than 11", discard, "7311 3", {0x80, 26, 4, 1, 0, 4, 1}},
    {"AIGP", "flags", discard, "7311 3", {0xc0, 26, 11, 1, 0, 11, 0, 0, 0, 0, 0, 0, 0, 1}},
    {"LARGE_COMMUNITY", "length 0", withdraw, "8092 6", {0xc0, 32, 0}},
    {"LARGE_COMMUNITY",
     "length not a multiple of 12",
     withdraw,
     "8092 6",
     {0xc0, 32, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}},
    {"LARGE_COMMUNITY", "flags", withdraw, "7606 3 (c)", {0x80, 32, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}},
    {"OTC", "length other than 4", withdraw, "9234 5", {0xc0, 35, 1, 1}},
    {"OTC", "flags", withdraw, "7606 3 (c)", {0x80, 35, 4, 0, 0, 0, 1}},
    {"ATTR_SET", "shorter than its AS number", withdraw, "7606 7.16", {0xc0, 128, 3, 0, 0, 1}},
    {"ATTR_SET",
     "an attribute in it is longer than it",
     withdraw,
     "7606 7.16",
     {0xc0, 128, 8, 0, 0, 0, 1, 0x40, 1, 2, 0}},
    {"ATTR_SET", "flags", withdraw, "7606 3 (c)", {0x80, 128, 4, 0, 0, 0, 1}},
    {"any other",
     "comes more than once: the first counts",
     discard,
     "7606 3 (g)",
     {0x80, 4, 4, 0, 0, 0, 1, 0x80, 4, 4, 0, 0, 0, 2}},
    {"any", "longer than the attributes field", withdraw, "7606 4", {0xc0, 8, 200, 1}},
    {"any", "the attributes field ends inside its header", withdraw, "7606 4", {0xc0, 8}},
    {"unknown, optional", "any value and length (no defect)", {}, "4271 5", {0xc0, 255, 1, 9}},
    {"unknown, well-known", "any value and length", reset, "4271 6.3", {0x40, 200, 0}},
};

// Faults of the message itself.
struct MessageCase {
  const char* defect;
  std::optional<Outcome> outcome;
  const char* section;
  Field body;
};

const MessageCase message_cases[] = {
    {"shorter than its two length fields", reset, "7606 3 (b), 4271 6.3", {0, 0, 0}},
    {"withdrawn routes longer than the message", reset, "7606 3 (b), 4271 6.3", {0, 9, 24}},
    {"path attributes longer than the message", reset, "7606 3 (b), 4271 6.3", {0, 0, 0, 9, 1}},
    {"announced prefix length above 32", reset, "7606 5.3", {0, 0, 0, 0, 33, 1, 2, 3, 4, 5}},
    {"announced prefix longer than the message", reset, "7606 5.3", {0, 0, 0, 0, 24, 1}},
    {"withdrawn prefix length above 32", reset, "7606 5.3", {0, 6, 33, 1, 2, 3, 4, 5, 0, 0}},
    {"withdrawn prefix longer than its field", reset, "7606 5.3", {0, 2, 24, 1, 0, 0}},
    {"ORIGIN missing", withdraw, "7606 3 (d)", {0, 0, 0, 10, 0x40, 2, 0, 0x40, 3, 4, 192, 0, 2, 1, 8, 10}},
    {"AS_PATH missing",
     withdraw,
     "7606 3 (d)",
     {0, 0, 0, 11, 0x40, 1, 1, 0, 0x40, 3, 4, 192, 0, 2, 1, 8, 10}},
    {"NEXT_HOP missing", withdraw, "7606 3 (d)", {0, 0, 0, 7, 0x40, 1, 1, 0, 0x40, 2, 0, 8, 10}},
    {"ORIGIN or AS_PATH missing beside MP_REACH_NLRI", withdraw, "7606 3 (d)", {0, 0,    0,  17, 0x40, 1, 1,
                                                                                0, 0x80, 14, 10, 0,    1, 1,
                                                                                4, 192,  0,  2,  1,    0, 0}},
    {"NEXT_HOP missing beside MP_REACH_NLRI (no defect)", {}, "4760 3", {0,    0, 0,   20,   0x40, 1,  1, 0,
                                                                         0x40, 2, 0,   0x80, 14,   10, 0, 1,
                                                                         1,    4, 192, 0,    2,    1,  0, 0}},
    {"announces no route and has a fault worse than discard_attribute",
     reset,
     "7606 5.2",
     {0, 2, 8, 10, 0, 5, 0x40, 1, 2, 0, 0}},
    {"announces no route and has a fault of discard_attribute",
     discard,
     "7606 5.2",
     {0, 2, 8, 10, 0, 4, 0x40, 6, 1, 0}},
    {"several faults: the worst counts", withdraw, "7606 3 (h)", {0, 0,   0, 19, 0x40, 6, 1, 0,    0x40,
                                                                  1, 2,   0, 0,  0x40, 2, 0, 0x40, 3,
                                                                  4, 192, 0, 2,  1,    8, 10}},
};

const Field origin{0x40, 1, 1, 0}, as_path{0x40, 2, 0}, next_hop{0x40, 3, 4, 192, 0, 2, 1};

Field body_of(const Case& c) {
  Field attributes;
  for (const Field& attribute : {origin, as_path, next_hop}) {
    if (attribute[1] != c.added[1]) attributes.insert(attributes.end(), attribute.begin(), attribute.end());
  }
  attributes.insert(attributes.end(), c.added.begin(), c.added.end());
  Field out{0, 0, 0, static_cast<std::uint8_t>(attributes.size())};
  out.insert(out.end(), attributes.begin(), attributes.end());
  out.insert(out.end(), {24, 203, 0, 113});
  return out;
}

TEST(Rfc7606, EveryDefectOfAnAttributeCostsWhatTheTableSays) {
  for (const Case& c : cases) {
    const Update update = decode_update(body_of(c), facts_of(c.from));
    SCOPED_TRACE(fmt::format("{}: {}", c.attribute, c.defect));
    EXPECT_EQ(update.outcome(), c.outcome);
    EXPECT_EQ(update.issues.size(), c.outcome ? 1U : 0U);
    EXPECT_EQ(update.announced.size(), c.outcome < withdraw ? 1U : 0U);
    EXPECT_EQ(update.withdrawn.size(), c.outcome == withdraw ? 1U : 0U);
    if (c.outcome) {
      EXPECT_EQ(update.issues.at(0).attribute, c.added[1]);
    }
  }
}

TEST(Rfc7606, EveryDefectOfAMessageCostsWhatTheTableSays) {
  for (const MessageCase& c : message_cases) {
    const Update update = decode_update(c.body, {});
    SCOPED_TRACE(c.defect);
    EXPECT_EQ(update.outcome(), c.outcome);
    const std::size_t routes = update.announced.size() + update.withdrawn.size() +
                               update.mp_announced.size() + update.mp_withdrawn.size();
    EXPECT_EQ(routes, c.outcome == reset ? 0U : 1U);
  }
}

// In a message of announcements the faults are found whatever comes before and after them.
TEST(Rfc7606, AFaultIsFoundAtAnyPlaceAmongGoodAttributes) {
  const Field communities{0xc0, 8, 4, 1, 2, 3, 4}, unknown{0xc0, 99, 2, 1, 2};
  for (const Case& c : cases) {
    if (c.attribute == std::string_view("any")) continue;  // nothing after it is read
    Field body = body_of(c);
    Field more = c.added[1] == 8 ? unknown : communities;
    body.insert(body.begin() + 4, more.begin(), more.end());
    body.insert(body.end() - 4, {0xc0, 100, 0});
    body[3] = static_cast<std::uint8_t>(body.size() - 8);
    EXPECT_EQ(decode_update(body, facts_of(c.from)).outcome(), c.outcome) << c.attribute << ": " << c.defect;
  }
}

std::string line_of(std::string_view attribute, std::string_view defect, std::optional<Outcome> outcome,
                    std::string_view section) {
  return fmt::format("| {} | {} | {} | {} |", attribute, defect, outcome ? to_string(*outcome) : "none",
                     section);
}

TEST(Rfc7606, TheTableInTheDocumentationIsTheOneThatIsTested) {
  std::ifstream file(PEERING_SOURCE_DIR "/docs/malformed.md");
  ASSERT_TRUE(file);
  std::set<std::string> written, tested;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("| ") && !line.starts_with("| attribute") && !line.starts_with("| ---")) {
      written.insert(line);
    }
  }
  for (const Case& c : cases) tested.insert(line_of(c.attribute, c.defect, c.outcome, c.section));
  for (const MessageCase& c : message_cases) {
    tested.insert(line_of("the message", c.defect, c.outcome, c.section));
  }
  EXPECT_EQ(written, tested);
}

}  // namespace
}  // namespace peering::wire::bgp
