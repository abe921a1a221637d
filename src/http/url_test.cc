#include "http/url.h"

#include <gtest/gtest.h>

namespace peering::http {
namespace {

TEST(Url, IsTakenApart) {
  const auto url = parse_url("wss://ris.example/v1/ws/?client=a#part", "ws");
  ASSERT_TRUE(url);
  EXPECT_TRUE(url->secure);
  EXPECT_EQ(url->host, "ris.example");
  EXPECT_EQ(url->port, "443");
  EXPECT_EQ(url->target, "/v1/ws/?client=a");
  EXPECT_EQ(url->host_header(), "ris.example");
  EXPECT_EQ(parse_url("ws://[::1]:8080", "ws")->host_header(), "[::1]:8080");
  EXPECT_EQ(parse_url("http://a?b", "http")->target, "/?b");
}

TEST(Url, OfAnotherSchemeOrShapeIsRefused) {
  for (const char* text : {"http://a/", "wsss://a/", "ws:/a", "ws://", "ws://a:0/", "ws://a:70000/",
                           "ws://u@a/", "ws://a/b c", "a", ""}) {
    EXPECT_FALSE(parse_url(text, "ws")) << text;
  }
}

}  // namespace
}  // namespace peering::http
