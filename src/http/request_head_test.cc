#include "http/request_head.h"

#include <gmock/gmock.h>

namespace peering::http {
namespace {

namespace wire = boost::beast::http;
using testing::HasSubstr;

RequestHead head(std::string_view target = "/", unsigned version = 11) {
  RequestHead out;
  out.version(version);
  out.method(wire::verb::get);
  out.target({target.data(), target.size()});
  out.insert("Host", "example.net");
  return out;
}

std::string refusal_of(const RequestHead& given) {
  const auto refusal = check_head(given);
  return refusal ? fmt::format("{} {}", refusal->status, refusal->message) : "";
}

std::string refusal_with(std::string_view name, std::string_view value, unsigned version = 11) {
  RequestHead out = head("/", version);
  out.insert({name.data(), name.size()}, {value.data(), value.size()});
  return refusal_of(out);
}

TEST(RequestHead, WhatMeansSomethingOnceComesOnce) {
  for (const char* name : {"Authorization", "Content-Type", "Content-Encoding", "Content-Length", "Expect"}) {
    RequestHead twice = head();
    twice.insert(name, "1");
    EXPECT_EQ(refusal_of(twice), "") << name;
    twice.insert(name, "1");
    EXPECT_THAT(refusal_of(twice), HasSubstr(fmt::format("400 A request has at most one {} field", name)));
  }
  RequestHead lists = head();
  for (int i = 0; i < 3; ++i) lists.insert("Accept", "text/html");
  EXPECT_EQ(refusal_of(lists), "");
}

TEST(RequestHead, TheEndOfABodyIsNoGuess) {
  for (const char* value : {"5, 5", "5,6", "+5", "0x5", "5;"}) {
    EXPECT_THAT(refusal_with("Content-Length", value), HasSubstr("Content-Length")) << value;
  }
  for (const char* value :
       {"gzip", "gzip, chunked", "chunked, identity", "chunked, chunked", "xchunked", ""}) {
    EXPECT_THAT(refusal_with("Transfer-Encoding", value), HasSubstr("'chunked' alone")) << value;
  }
  EXPECT_EQ(refusal_with("Transfer-Encoding", "Chunked"), "");
  EXPECT_THAT(refusal_with("Transfer-Encoding", "chunked", 10), HasSubstr("HTTP/1.0"));
}

TEST(RequestHead, HostIsANameOrAnAddressAndMaybeAPort) {
  for (const char* good :
       {"", "x", "example.net:8470", "192.0.2.1:1", "[2001:db8::1]", "[::1]:8470", "a_b:"}) {
    EXPECT_TRUE(is_host(good)) << good;
  }
  for (const char* bad : {"a b", "a/b", "a@b", "a:b", "a:1:2", "[::1", "[]", "[::1]x", "[::1]x1", "a\"b",
                          "a:123456", "\xc3\xa4", "[a/b]"}) {
    EXPECT_FALSE(is_host(bad)) << bad;
    RequestHead with = head();
    with.set(wire::field::host, bad);
    EXPECT_THAT(refusal_of(with), HasSubstr("400 Host")) << bad;
  }
  RequestHead none = head();
  none.erase(wire::field::host);
  EXPECT_THAT(refusal_of(none), HasSubstr("exactly one Host"));
  none.version(10);
  EXPECT_EQ(refusal_of(none), "");
}

TEST(RequestHead, TargetsAreVisibleAsciiOfAFewKibibytes) {
  EXPECT_THAT(refusal_of(head("/\xc3\xa4")), HasSubstr("percent-encoded"));
  EXPECT_EQ(refusal_of(head("/" + std::string(target_bytes_max - 1, 'x'))), "");
  EXPECT_THAT(refusal_of(head("/" + std::string(target_bytes_max, 'x'))), HasSubstr("414 "));
}

TEST(RequestHead, FieldsAreCounted) {
  RequestHead many = head();
  for (std::size_t i = 1; i < head_fields_max; ++i) many.insert("X-" + std::to_string(i), "");
  EXPECT_EQ(refusal_of(many), "");
  many.insert("X-One-More", "");
  EXPECT_THAT(refusal_of(many), HasSubstr("431 The request head has 129 fields; the limit is 128"));
}

TEST(RequestHead, OnlyHttpTargetsLoseSchemeAndHost) {
  EXPECT_EQ(origin_form("http://x/a?b"), "/a?b");
  EXPECT_EQ(origin_form("HTTPS://x:1/a"), "/a");
  EXPECT_EQ(origin_form("http://x"), "/");
  EXPECT_EQ(origin_form("http://x?b=/c"), "/");
  for (const char* kept : {"/a", "*", "x:443", "ftp://x/a", "a?b=http://x/c"})
    EXPECT_EQ(origin_form(kept), kept);
}

}  // namespace
}  // namespace peering::http
