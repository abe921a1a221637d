#include "feeds/session_book.h"

#include <gtest/gtest.h>

namespace peering::feeds {
namespace {

constexpr TimePoint early = time_from_us(1'795'600'000'000'000), late = early + std::chrono::minutes(1);

model::BgpSession session(std::string state, TimePoint since, std::string_view peer = "192.0.2.1") {
  return {.router = "edge-1",
          .distinguisher = 0,
          .pop = "AMS",
          .peer_address = *net::Address::parse(peer),
          .local_address = std::nullopt,
          .peer_asn = 3333,
          .established = state == "Established",
          .state = std::move(state),
          .since = since};
}

TEST(SessionBook, AStateBeginsWhenItChanges) {
  SessionBook book(10);
  const auto source = book.new_source();
  book.tell(source, session("Established", early));
  book.tell(source, session("Established", late));
  ASSERT_EQ(book.snapshot()->all().size(), 1U);
  EXPECT_EQ(book.snapshot()->all()[0].since, early);
  book.tell(source, session("Idle", late));
  EXPECT_EQ(book.snapshot()->all()[0].since, late);
}

TEST(SessionBook, WhoIsLostKnowsNothingMoreOfItsSessions) {
  SessionBook book(10);
  const auto source = book.new_source(), other = book.new_source();
  book.tell(source, session("Established", early));
  book.tell(other, session("Established", early, "192.0.2.2"));
  book.lose(source, "edge-1", late);
  const auto all = book.snapshot();
  EXPECT_FALSE(all->all()[0].established);
  EXPECT_EQ(all->all()[0].state, "");
  EXPECT_EQ(all->all()[0].since, late);
  EXPECT_TRUE(all->all()[1].established) << "another one tells of it";
}

TEST(SessionBook, TheYoungerSourceIsBelievedUntilItIsLost) {
  SessionBook book(10);
  const auto older = book.new_source(), younger = book.new_source();
  book.tell(younger, session("Established", early));
  book.tell(older, session("Idle", late));
  EXPECT_TRUE(book.snapshot()->all()[0].established);
  book.lose(older, "edge-1", late);
  EXPECT_TRUE(book.snapshot()->all()[0].established);
  book.lose(younger, "edge-1", late);
  book.tell(older, session("Idle", late));
  EXPECT_EQ(book.snapshot()->all()[0].state, "Idle");
}

TEST(SessionBook, SessionsAreLimitedAndForgotten) {
  SessionBook book(1);
  const auto source = book.new_source();
  book.tell(source, session("Established", early));
  book.tell(source, session("Established", early, "192.0.2.2"));
  EXPECT_EQ(book.snapshot()->all().size(), 1U);
  EXPECT_EQ(book.snapshot(), book.snapshot()) << "nothing changed";
  book.forget(source, "edge-1", late);
  EXPECT_TRUE(book.snapshot()->all().empty());
}

TEST(SessionBook, SessionsAreFoundByThePeersAddress) {
  SessionBook book(10);
  const auto source = book.new_source();
  book.tell(source, session("Established", early, "2001:db8::1"));
  book.tell(source, session("Idle", early));
  auto elsewhere = session("Active", early);
  elsewhere.router = "edge-2";
  book.tell(source, elsewhere);
  const auto all = book.snapshot();
  EXPECT_EQ(all->with(*net::Address::parse("192.0.2.1")).size(), 2U);
  EXPECT_EQ(all->with(*net::Address::parse("2001:db8::1")).size(), 1U);
  EXPECT_TRUE(all->with(*net::Address::parse("192.0.2.2")).empty());
  EXPECT_EQ(all->within(*net::Prefix::parse("192.0.2.0/31")).size(), 2U);
  EXPECT_TRUE(all->within(*net::Prefix::parse("192.0.2.2/31")).empty());
  EXPECT_EQ(all->within(*net::Prefix::parse("2001:db8::/126")).size(), 1U);
}

TEST(SessionBook, TellsWhatChangedOnceAndInOrder) {
  using enum model::SessionState;
  SessionBook book(10);
  const auto source = book.new_source();
  const auto states = [&] {
    std::vector<model::SessionState> out;
    for (const model::SessionChange& each : book.take_changes()) out.push_back(each.state);
    return out;
  };
  book.tell(source, session("OpenSent", early));
  book.tell(source, session("Established", early));
  book.tell(source, session("Established", late));
  book.tell(source, session("Idle", late));
  book.tell(source, session("Connect", late));
  EXPECT_EQ(states(), (std::vector{down, established, down}));
  EXPECT_EQ(states(), std::vector<model::SessionState>{});
  book.lose(source, "edge-1", late);
  book.lose(source, "edge-1", late);
  EXPECT_EQ(states(), std::vector{unknown});
  book.tell(source, session("Established", late));
  (void)book.take_changes();
  book.forget(source, "edge-1", late);
  EXPECT_EQ(states(), std::vector{unknown});
}

TEST(SessionBook, WhatNobodyTakesIsBounded) {
  SessionBook book(2);
  const auto source = book.new_source();
  for (int i = 0; i < 1001; ++i) book.tell(source, session(i % 2 == 0 ? "Established" : "Idle", early));
  const auto changes = book.take_changes();
  EXPECT_LE(changes.size(), 8U);
  EXPECT_EQ(changes.back().state, model::SessionState::established);
}

}  // namespace
}  // namespace peering::feeds
