#include "wire/rtr/pdu.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace peering::wire::rtr {
namespace {

net::Prefix p(std::string_view text) { return net::Prefix::parse(text).value(); }
using Bytes = std::vector<std::uint8_t>;

Bytes bytes_of(std::initializer_list<int> values) {
  Bytes out;
  for (const int value : values) out.push_back(static_cast<std::uint8_t>(value));
  return out;
}

std::vector<Pdu> one_of_each() {
  RouterKey key;
  key.subject_key_identifier[0] = 7;
  key.asn = 64500;
  key.public_key = {1, 2, 3};
  return {SerialNotify{258, 0xFFFFFFFF},
          SerialQuery{1, 2},
          ResetQuery{},
          CacheResponse{9},
          PrefixPdu{true, {p("203.0.113.0/24"), 25, 64500}},
          PrefixPdu{false, {p("2001:db8::/32"), 48, 4200000000}},
          EndOfData{9, 3, Intervals{3600, 600, 7200}},
          CacheReset{},
          RouterKeyPdu{true, key},
          AspaPdu{true, {64500, {64496, 64497}, AspaScope::both}},
          AspaPdu{false, {64500, {}, AspaScope::both}},
          ErrorReport{ErrorKind::duplicate_announcement, {1, 2}, "twice"}};
}

TEST(RtrPdu, EveryKindComesBackAsItWasWritten) {
  for (const Pdu& pdu : one_of_each()) {
    const Bytes bytes = encode_pdu(2, pdu);
    ASSERT_EQ(split_pdu(bytes).value(), bytes.size());
    EXPECT_EQ(decode_pdu(bytes).value(), (Versioned{2, pdu})) << pdu.index();
  }
}

TEST(RtrPdu, BytesAreThoseOfTheRfc) {
  EXPECT_EQ(encode_pdu(1, PrefixPdu{true, {p("203.0.113.0/24"), 25, 64500}}),
            bytes_of({1, 4, 0, 0, 0, 0, 0, 20, 1, 24, 25, 0, 203, 0, 113, 0, 0, 0, 0xFB, 0xF4}));
  EXPECT_EQ(encode_pdu(1, SerialQuery{258, 5}), bytes_of({1, 1, 1, 2, 0, 0, 0, 12, 0, 0, 0, 5}));
  EXPECT_EQ(encode_pdu(0, EndOfData{1, 5, Intervals{}}), bytes_of({0, 7, 0, 1, 0, 0, 0, 12, 0, 0, 0, 5}));
}

TEST(RtrPdu, LowerVersionsHaveNoRouterKeyAndNoAspa) {
  EXPECT_THAT(encode_pdu(0, RouterKeyPdu{}), testing::IsEmpty());
  EXPECT_THAT(encode_pdu(1, AspaPdu{true, {1, {2}, {}}}), testing::IsEmpty());
  Bytes bytes = encode_pdu(2, AspaPdu{true, {1, {2}, {}}});
  bytes[0] = 1;
  EXPECT_EQ(decode_pdu(bytes).error().kind, ErrorKind::unsupported_type);
}

TEST(RtrPdu, AnAspaInTheFormOfEarlierDraftsIsUnderstood) {
  const Bytes bytes =
      bytes_of({2, 11, 0, 0, 0, 0, 0, 24, 1, 1, 0, 2, 0, 0, 0xFB, 0xF4, 0, 0, 0xFB, 0xF0, 0, 0, 0xFB, 0xF1});
  EXPECT_EQ(decode_pdu(bytes).value().pdu, (Pdu{AspaPdu{true, {64500, {64496, 64497}, AspaScope::ipv6}}}));
}

TEST(RtrPdu, EveryDefectHasItsErrorCode) {
  const auto kind = [](Bytes bytes, std::size_t at, int value) {
    bytes[at] = static_cast<std::uint8_t>(value);
    const auto decoded = decode_pdu(bytes);
    return decoded ? std::string("accepted") : to_string(decoded.error().kind);
  };
  const Bytes prefix = encode_pdu(1, PrefixPdu{true, {p("203.0.113.0/24"), 25, 64500}});
  EXPECT_EQ(kind(prefix, 0, 3), "unsupported protocol version");
  EXPECT_EQ(kind(prefix, 1, 5), "unsupported PDU type");
  EXPECT_EQ(kind(prefix, 1, 6), "corrupt data") << "20 bytes are no IPv6 prefix";
  EXPECT_EQ(kind(prefix, 7, 19), "corrupt data");
  EXPECT_EQ(kind(prefix, 9, 26), "corrupt data") << "longer than its maximum";
  EXPECT_EQ(kind(prefix, 10, 33), "corrupt data");
  EXPECT_EQ(kind(prefix, 8, 0xFF), "accepted") << "unknown flags are ignored";
  const Bytes aspa = encode_pdu(2, AspaPdu{true, {1, {}, {}}});
  EXPECT_EQ(decode_pdu(aspa).error().kind, ErrorKind::aspa_provider_list);
  const Bytes report = encode_pdu(1, ErrorReport{ErrorKind::corrupt_data, {1, 2, 3}, "x"});
  EXPECT_EQ(kind(report, 11, 0xFF), "corrupt data");
  EXPECT_EQ(kind(report, 0, 9), "accepted") << "reports are read in any version";
}

TEST(RtrPdu, LengthsThatCannotBeTrueEndTheStream) {
  EXPECT_EQ(split_pdu(bytes_of({1, 3, 0, 0, 0, 0, 0, 7})).error().kind, ErrorKind::corrupt_data);
  EXPECT_EQ(split_pdu(bytes_of({1, 10, 0, 0, 0xFF, 0, 0, 0})).error().kind, ErrorKind::corrupt_data);
  EXPECT_EQ(split_pdu(bytes_of({1, 3, 0, 0, 0, 0, 0})).value(), 0U);
  EXPECT_EQ(split_pdu(bytes_of({1, 7, 0, 0, 0, 0, 0, 12, 0})).value(), 0U);
}

TEST(RtrPdu, UnknownErrorCodesKeepTheirNumber) {
  EXPECT_EQ(to_string(static_cast<ErrorKind>(77)), "error 77");
  const Bytes bytes = encode_pdu(1, ErrorReport{static_cast<ErrorKind>(77), {}, ""});
  EXPECT_EQ(std::get<ErrorReport>(decode_pdu(bytes).value().pdu).kind, static_cast<ErrorKind>(77));
}

RC_GTEST_PROP(RtrPdu, WhatDecodesEncodesToWhatDecodesTheSame, (Bytes bytes)) {
  if (bytes.size() < header_bytes) bytes.resize(header_bytes);
  bytes[0] %= 3;
  bytes[1] %= 12;
  bytes[4] = bytes[5] = 0;
  bytes[6] = static_cast<std::uint8_t>(bytes.size() >> 8);
  bytes[7] = static_cast<std::uint8_t>(bytes.size());
  const auto first = decode_pdu(bytes);
  if (!first) return;
  auto again = decode_pdu(encode_pdu(first->version, first->pdu));
  RC_ASSERT(again.has_value());
  // The earlier form of an ASPA is not written.
  Versioned expected = *first;
  if (auto* aspa = std::get_if<AspaPdu>(&expected.pdu)) aspa->aspa.scope = AspaScope::both;
  RC_ASSERT(*again == expected);
}

}  // namespace
}  // namespace peering::wire::rtr
