#include "rib/path_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace peering::rib {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Effect = PathSet::Effect;

net::Prefix of_paths(std::string_view text) { return net::Prefix::parse(text).value(); }

SharedAttributes attributes(std::uint8_t number) {
  return std::make_shared<const std::vector<std::uint8_t>>(1, number);
}

TEST(PathSet, AfterARepeatOnlyTheRepeatedPathsAreLeft) {
  PathSet paths;
  paths.announce(of_paths("203.0.113.0/24"), 1, attributes(1));
  paths.announce(of_paths("203.0.113.0/24"), 2, attributes(2));
  paths.begin_repeat(net::Family::ipv4);
  paths.announce(of_paths("203.0.113.0/24"), 1, attributes(1));
  EXPECT_THAT(paths.end_repeat(net::Family::ipv4), IsEmpty());
  SharedAttributes shown;
  EXPECT_EQ(paths.withdraw(of_paths("203.0.113.0/24"), 1, shown), Effect::withdrawn) << "path 2 is gone";
}

TEST(PathSet, APrefixOfWhichNoPathIsRepeatedIsNamed) {
  PathSet paths;
  paths.announce(of_paths("203.0.113.0/24"), 1, attributes(1));
  paths.announce(of_paths("2001:db8::/32"), 1, attributes(1));
  paths.begin_repeat(net::Family::ipv4);
  EXPECT_THAT(paths.end_repeat(net::Family::ipv4), ElementsAre(of_paths("203.0.113.0/24")));
  EXPECT_THAT(paths.end_repeat(net::Family::ipv6), IsEmpty()) << "that family is not being repeated";
}

TEST(PathSet, APathShownInPlaceOfARepeatedOneThatWentIsNotKept) {
  PathSet paths;
  paths.announce(of_paths("203.0.113.0/24"), 1, attributes(1));
  paths.announce(of_paths("203.0.113.0/24"), 2, attributes(2));
  paths.begin_repeat(net::Family::ipv4);
  paths.announce(of_paths("203.0.113.0/24"), 2, attributes(2));
  SharedAttributes shown;
  EXPECT_EQ(paths.withdraw(of_paths("203.0.113.0/24"), 2, shown), Effect::replaced);
  EXPECT_THAT(paths.end_repeat(net::Family::ipv4), ElementsAre(of_paths("203.0.113.0/24")));
}

TEST(PathSet, OfTooManyPathsTheOldestAreForgottenAndCounted) {
  PathSet paths;
  const std::uint32_t count = paths_max + 3;
  for (std::uint32_t id = 0; id < count; ++id)
    paths.announce(of_paths("203.0.113.0/24"), id, attributes(id % 7));
  paths.announce(of_paths("203.0.113.0/24"), count - 1, attributes(9));
  EXPECT_EQ(paths.forgotten(), 3U) << "a path announced again is no further one";
  SharedAttributes shown;
  EXPECT_EQ(paths.withdraw(of_paths("203.0.113.0/24"), 0, shown), Effect::none) << "forgotten already";
  for (std::uint32_t id = count - 1; id > 3; --id) {
    ASSERT_EQ(paths.withdraw(of_paths("203.0.113.0/24"), id, shown), Effect::replaced) << id;
    ASSERT_EQ(*shown, *attributes((id - 1) % 7)) << id;
  }
  EXPECT_EQ(paths.withdraw(of_paths("203.0.113.0/24"), 3, shown), Effect::withdrawn);
}

TEST(PathSet, AWithdrawalIsNeverLostHoweverManyPathsThereWere) {
  PathSet paths;
  const std::uint32_t count = 2 * paths_max;
  for (std::uint32_t id = 0; id < count; ++id) paths.announce(of_paths("203.0.113.0/24"), id, attributes(1));
  SharedAttributes shown;
  auto last = Effect::none;
  for (std::uint32_t id = 0; id < count; ++id) last = paths.withdraw(of_paths("203.0.113.0/24"), id, shown);
  EXPECT_EQ(last, Effect::withdrawn);
}

}  // namespace
}  // namespace peering::rib
