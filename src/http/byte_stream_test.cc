#include "http/byte_stream.h"

#include <optional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

namespace peering::http {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

struct Pair {
  explicit Pair(asio::io_context& context) {
    asio::ip::tcp::acceptor acceptor(context, {asio::ip::make_address("127.0.0.1"), 0});
    ByteStream::Socket near(context), far(context);
    near.connect(acceptor.local_endpoint());
    acceptor.accept(far);
    left.emplace(std::move(near), nullptr);
    right.emplace(std::move(far), nullptr);
  }
  std::optional<ByteStream> left, right;
};

TEST(ByteStream, WritesAllBuffersThoughAnOperationTakesOnlySome) {
  asio::io_context context;
  Pair pair(context);
  std::vector<std::string> words;
  std::vector<asio::const_buffer> buffers;
  std::string all;
  for (int i = 0; i < 50; ++i) words.push_back(i % 3 == 0 ? "" : "word " + std::to_string(i));
  for (const std::string& word : words) {
    buffers.push_back(asio::buffer(word));
    all += word;
  }
  std::size_t sent = 0;
  asio::async_write(*pair.left, buffers, [&](error_code error, std::size_t count) {
    EXPECT_FALSE(error);
    sent = count;
  });
  context.run();
  EXPECT_EQ(sent, all.size());
  std::string got(all.size(), 0);
  asio::read(pair.right->socket(), asio::buffer(got));
  EXPECT_EQ(got, all);
}

TEST(ByteStream, AHandlerThatIsNeverCalledIsDestroyedWithItsOperation) {
  const auto witness = std::make_shared<int>(0);
  char space[8];
  {
    asio::io_context context;
    Pair pair(context);
    pair.left->async_read_some(asio::buffer(space), [witness](error_code, std::size_t) { ADD_FAILURE(); });
    EXPECT_GT(witness.use_count(), 1);
  }
  EXPECT_EQ(witness.use_count(), 1);
}

TEST(ByteStream, WithoutTlsHandshakesAreNothing) {
  asio::io_context context;
  Pair pair(context);
  int done = 0;
  EXPECT_FALSE(pair.left->is_secure());
  pair.left->expect_host("host.example");
  pair.left->async_handshake(asio::ssl::stream_base::client,
                             [&](error_code error) { done += error ? 0 : 1; });
  context.run();
  EXPECT_EQ(done, 1);
}

TEST(ClientTls, NamesTheAuthorityFileThatCannotBeUsed) {
  EXPECT_TRUE(client_tls(""));
  const auto failed = client_tls("/nowhere/authority.pem");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::invalid_argument);
  EXPECT_NE(failed.error().message.find("/nowhere/authority.pem"), std::string::npos);
}

}  // namespace
}  // namespace peering::http
