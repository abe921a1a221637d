#include "cli/event_stream.h"

#include <gtest/gtest.h>

namespace peering::cli {
namespace {

TEST(EventStream, GivesMessagesWhereverTheStreamIsCut) {
  const std::string text =
      ": hello\n\nid: 7\nevent: event\ndata: {\"a\":1}\n\nid:8\r\ndata:x\r\ndata: y\r\n\r\n";
  const std::vector<StreamMessage> wanted = {{"event", "{\"a\":1}"}, {"", "x\ny"}};
  for (std::size_t size = 1; size <= text.size(); ++size) {
    EventStream stream;
    std::vector<StreamMessage> got;
    for (std::size_t at = 0; at < text.size(); at += size) {
      for (StreamMessage& message : stream.feed(text.substr(at, size))) got.push_back(std::move(message));
    }
    EXPECT_EQ(got, wanted) << "pieces of " << size;
    EXPECT_EQ(stream.last_id(), "8");
  }
}

TEST(EventStream, KeepsTheIdOverABrokenConnection) {
  EventStream stream;
  stream.feed("id: 41\ndata: x\n\nid: 42\ndata: half of it");
  stream.reset();
  EXPECT_EQ(stream.last_id(), "41") << "the message with id 42 was never complete";
  EXPECT_EQ(stream.feed(" y\n\n"), std::vector<StreamMessage>()) << "what was incomplete is gone";
}

TEST(EventStream, DropsAMessageThatNeverEnds) {
  EventStream stream;
  const std::string piece(1024 * 1024, 'x');
  for (int i = 0; i < 16; ++i) EXPECT_TRUE(stream.feed(piece).empty());
  EXPECT_EQ(stream.feed("\n\ndata: z\n\n").size(), 1U);
}

}  // namespace
}  // namespace peering::cli
