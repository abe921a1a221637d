#include "http/response_head.h"

#include <gmock/gmock.h>

namespace peering::http {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

Response answer(int status, std::string body = "") {
  Response out;
  out.status = status;
  out.body = std::move(body);
  return out;
}

TEST(ResponseHead, SaysWhatTheBodyIs) {
  const std::string head = response_head(answer(201, "four"), 11, true);
  EXPECT_THAT(head, StartsWith("HTTP/1.1 201 Created\r\n"));
  EXPECT_THAT(head, HasSubstr("\r\nContent-Length: 4\r\n"));
  EXPECT_THAT(head, HasSubstr(" GMT\r\n"));
  EXPECT_THAT(head, Not(HasSubstr("Connection")));
  EXPECT_THAT(head, EndsWith("\r\n\r\n"));
}

TEST(ResponseHead, HasNoLengthWhereThereIsNoBody) {
  for (const int status : {204, 304}) {
    EXPECT_FALSE(may_have_body(status));
    EXPECT_THAT(response_head(answer(status), 11, true), Not(HasSubstr("Content-Length"))) << status;
  }
  EXPECT_TRUE(may_have_body(200));
  EXPECT_THAT(response_head(answer(200), 11, true), HasSubstr("\r\nContent-Length: 0\r\n"));
}

TEST(ResponseHead, SaysWhetherTheConnectionStaysInTheClientsVersion) {
  EXPECT_THAT(response_head(answer(200), 11, false), HasSubstr("\r\nConnection: close\r\n"));
  EXPECT_THAT(response_head(answer(200), 10, true), HasSubstr("\r\nConnection: keep-alive\r\n"));
  EXPECT_THAT(response_head(answer(200), 10, false), StartsWith("HTTP/1.0 200 OK\r\n"));
}

TEST(ResponseHead, AStreamIsChunkedWhereTheVersionHasThat) {
  Response stream = answer(200);
  stream.stream = [](const std::shared_ptr<BodySink>&) {};
  const std::string head = response_head(stream, 11, false);
  EXPECT_THAT(head, HasSubstr("\r\nTransfer-Encoding: chunked\r\n"));
  EXPECT_THAT(head, Not(HasSubstr("Content-Length")));
  EXPECT_THAT(response_head(stream, 10, false), Not(HasSubstr("chunked")));
}

TEST(ResponseHead, FieldsCannotEndEarly) {
  Response out = answer(200);
  out.headers.set("X-Name", "a\r\nSet-Cookie: b\x7f");
  EXPECT_THAT(response_head(out, 11, true), HasSubstr("\r\nX-Name: a  Set-Cookie: b \r\n"));
}

TEST(ResponseHead, KeepsADateThatIsGiven) {
  Response out = answer(200);
  out.headers.set("Date", "Sun, 06 Nov 1994 08:49:37 GMT");
  const std::string head = response_head(out, 11, true);
  EXPECT_EQ(head.find("Date:"), head.rfind("Date:"));
}

}  // namespace
}  // namespace peering::http
