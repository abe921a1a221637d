#include "cli/bmp_dump.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "wire/bgp/update.h"
#include "wire/bmp/encode.h"

namespace peering::cli {
namespace {

using testing::HasSubstr;
namespace bgp = wire::bgp;
namespace bmp = wire::bmp;

net::Address address(std::string_view text) { return net::Address::parse(text).value(); }

bmp::PerPeerHeader peer() {
  bmp::PerPeerHeader out;
  out.flags = 0x40;
  out.address = address("192.0.2.1");
  out.asn = 64496;
  out.bgp_identifier = address("192.0.2.9");
  out.time = time_from_us(1'700'000'000'000'000);
  return out;
}

std::vector<std::uint8_t> open_of(bool sends, bool receives) {
  bgp::Open open;
  open.four_octet_asn = true;
  open.asn = 64496;
  open.bgp_identifier = address("192.0.2.9");
  open.add_path = {{bgp::ipv4_unicast, receives, sends}};
  return bgp::encode_open(open);
}

// One session from its first message to its last, on disk while the test runs.
class BmpDump : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "bmp-dump-XXXXXX").string();
    const int file = mkstemp(name.data());
    ASSERT_GE(file, 0);
    close(file);
    path_ = name;
  }
  void TearDown() override { std::filesystem::remove(path_); }

  void say(const bmp::Frame& frame) {
    std::ofstream out(path_, std::ios::binary | std::ios::app);
    out.write(reinterpret_cast<const char*>(frame.data()), static_cast<std::streamsize>(frame.size()));
  }
  int run() { return run_bmp_dump(path_, out_, err_); }

  std::filesystem::path path_;
  std::ostringstream out_, err_;
};

TEST_F(BmpDump, WritesALineForEveryMessageAndRoute) {
  bgp::Update update;
  update.attributes.as_path = bgp::AsPath::sequence({64496, 64500});
  update.attributes.next_hop = address("192.0.2.1");
  update.announced = {{net::Prefix::parse("203.0.113.0/24").value(), 7}};
  say(bmp::encode_initiation("edge-1", "FRR"));
  const auto receives = open_of(false, true), sends = open_of(true, false);
  say(bmp::encode_peer_up(peer(), address("192.0.2.254"), 179, 40000, receives, sends));
  say(bmp::encode_route_monitoring(peer(), bgp::encode_update(update, {true, true, false}).value()));
  say(bmp::encode_route_monitoring(peer(), bgp::encode_end_of_rib(bgp::ipv6_unicast)));
  say(bmp::encode_statistics(peer(), {{0, 3, {}}, {9, 5, 1U << 8 | 1}}));
  say(bmp::encode_peer_down(peer(), 3, bgp::encode_notification({6, 2})));
  say(bmp::encode_termination(1));
  say({3, 0, 0, 0, 6, 77});
  EXPECT_EQ(run(), 0);
  const std::string start = "IN_POST|2023-11-14T22:13:20Z|";
  EXPECT_EQ(out_.str(),
            "BMP|INIT|edge-1|FRR\n" + start + "UP|192.0.2.1|64496|192.0.2.9|192.0.2.254|179|40000|\n" +
                start + "A|192.0.2.1|64496|203.0.113.0/24|7|64496 64500|IGP|192.0.2.1|0|0||NAG||\n" + start +
                "EOR|192.0.2.1|64496|2/1\n" + start + "STATS|192.0.2.1|64496|0=3 9:1/1=5\n" + start +
                "DOWN|192.0.2.1|64496|3|6/2|\n" + "BMP|TERM|1\nBMP|UNKNOWN|77\n");
  EXPECT_EQ(err_.str(), "");
}

TEST_F(BmpDump, FaultsAreToldAndTheNextMessageIsRead) {
  say(bmp::encode_route_monitoring(peer(), bmp::Frame{1, 2, 3}));
  say(bmp::encode_termination(0));
  EXPECT_EQ(run(), 0);
  EXPECT_THAT(out_.str(), HasSubstr("BMP|TERM|0"));
  EXPECT_THAT(err_.str(), HasSubstr("message 1: BGP message: 3 bytes are less than the header's 19"));
}

TEST_F(BmpDump, ACutOrLyingEndIsAFailure) {
  say({3, 0, 0, 0, 60, 4, 0});
  EXPECT_EQ(run(), 1);
  EXPECT_THAT(err_.str(), HasSubstr("7 bytes at the end are no whole frame"));
  EXPECT_EQ(run_bmp_dump("/nowhere/at-all", out_, err_), 3);
}

}  // namespace
}  // namespace peering::cli
