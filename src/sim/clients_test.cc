#include "sim/clients.h"

#include <algorithm>
#include <sstream>

#include <gtest/gtest.h>

#include "base/json.h"
#include "net/prefix_map.h"

namespace peering::sim {
namespace {

constexpr TimePoint from = time_from_us(1'795'600'000'000'000), to = from + std::chrono::minutes(5);

std::vector<json::value> lines_of(const std::string& body) {
  std::vector<json::value> out;
  std::istringstream in(body);
  for (std::string line; std::getline(in, line);) out.push_back(parse_json(line).value());
  return out;
}

double median_ms(const std::vector<json::value>& samples, std::string_view pop) {
  std::vector<double> values;
  for (const json::value& sample : samples) {
    if (find_string(sample, "pop") == pop) values.push_back(sample.at("rtt_us").to_number<double>() / 1000);
  }
  std::nth_element(values.begin(), values.begin() + static_cast<long>(values.size() / 2), values.end());
  return values.at(values.size() / 2);
}

TEST(Clients, EverySampleIsOfTheCustomerAndOfItsTime) {
  const World world = make_world({7, 3, 0});
  const Clients clients(world);
  for (std::size_t customer = 0; customer < 3; ++customer) {
    const auto samples = lines_of(clients.samples(customer, 1, 500, from, to, {}));
    ASSERT_EQ(samples.size(), 500U);
    for (const json::value& sample : samples) {
      const auto client = net::Address::parse(find_string(sample, "client").value()).value();
      const auto& prefixes = world.customers[customer].prefixes;
      EXPECT_TRUE(
          std::any_of(prefixes.begin(), prefixes.end(), [&](const auto& p) { return p.contains(client); }));
      const TimePoint at = parse_rfc3339(find_string(sample, "time").value()).value();
      EXPECT_TRUE(from <= at && at <= to);
      const auto rtt = sample.at("rtt_us").to_number<std::int64_t>();
      EXPECT_TRUE(rtt > 1000 && rtt < 10'000'000) << rtt;
    }
  }
}

TEST(Clients, TheMiddleIsThatOfAccessNetworks) {
  const World world = make_world({1, 1, 0});
  const double middle = median_ms(lines_of(Clients(world).samples(0, 1, 5000, from, to, {})), "AMS");
  EXPECT_GT(middle, 8);
  EXPECT_LT(middle, 40);
}

TEST(Clients, ASlowPopIsSlowAndTheOthersAreNot) {
  const World world = make_world({1, 1, 0});
  const Clients clients(world);
  const auto normal = lines_of(clients.samples(0, 1, 5000, from, to, {}));
  const auto slow = lines_of(clients.samples(0, 1, 5000, from, to, {{"AMS", 2.0}}));
  EXPECT_NEAR(median_ms(slow, "AMS"), 2 * median_ms(normal, "AMS"), 0.01);
  EXPECT_EQ(median_ms(slow, "FRA"), median_ms(normal, "FRA"));
}

TEST(Clients, TheSameSeedGivesTheSameBytes) {
  const std::string once = Clients(make_world({5, 1, 0})).samples(0, 9, 200, from, to, {});
  EXPECT_EQ(Clients(make_world({5, 1, 0})).samples(0, 9, 200, from, to, {}), once);
  EXPECT_NE(Clients(make_world({6, 1, 0})).samples(0, 9, 200, from, to, {}), once);
  EXPECT_NE(Clients(make_world({5, 1, 0})).samples(0, 10, 200, from, to, {}), once);
}

}  // namespace
}  // namespace peering::sim
