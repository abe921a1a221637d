#include "model/resource_key.h"

#include <random>

#include <gtest/gtest.h>

#include "base/shared_map.h"
#include "model/registry.h"

namespace peering::model {
namespace {

int sign(int number) { return (number > 0) - (number < 0); }

TEST(ResourceKey, ComparesAsTheLowerCaseOfBothWould) {
  std::mt19937 random(5);
  const auto text = [&] {
    std::string out(random() % 24, 'x');
    for (char& c : out) c = "abAB/Zz[_"[random() % 9];
    return out;
  };
  for (int i = 0; i < 20'000; ++i) {
    const std::string start = text(), a = start + text(), b = start + text();
    ASSERT_EQ(sign(compare_ids(a, b)), sign(lower(a).compare(lower(b)))) << a << " " << b;
    ASSERT_EQ(is_below(a, lower(start)), true) << a << " " << start;
    ASSERT_EQ(is_below(a, b), lower(a).starts_with(lower(b))) << a << " " << b;
  }
}

TEST(ResourceKey, FindsAResourceWhateverTheCaseAndKeepsItsId) {
  SharedMap<ResourceKey, int> map;
  map[SharedText("/subscriptions/S/peeringServices/Seattle")] = 1;
  map[std::string("/SUBSCRIPTIONS/s/peeringservices/seattle")] = 2;
  ASSERT_EQ(map.size(), 1U);
  EXPECT_EQ(map.find("/subscriptions/s/peeringservices/seattle")->second, 2);
  EXPECT_EQ(map.begin()->first.id(), "/subscriptions/S/peeringServices/Seattle");
}

}  // namespace
}  // namespace peering::model
