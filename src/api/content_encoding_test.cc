#include "api/content_encoding.h"

#include <memory>

#include <gmock/gmock.h>
#include <zlib.h>
#include <zstd.h>

namespace peering::api {
namespace {

std::string gzipped(std::string_view text) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string zstandard(std::string_view text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

constexpr std::size_t plenty = 1 << 24;

TEST(ContentEncoding, GivesBackWhatWasEncoded) {
  for (const std::size_t size : {0U, 1U, 65536U, 1000000U}) {
    std::string text(size, 'x');
    for (std::size_t i = 0; i < size; i += 7) text[i] = static_cast<char>('a' + i % 26);
    EXPECT_EQ(*decode_content("gzip", gzipped(text), plenty), text) << size;
    EXPECT_EQ(*decode_content("ZSTD", zstandard(text), plenty), text) << size;
    EXPECT_EQ(*decode_content("", text, plenty), text);
    EXPECT_EQ(*decode_content("identity", text, plenty), text);
  }
}

TEST(ContentEncoding, SeveralMembersAreOneBody) {
  EXPECT_EQ(*decode_content("gzip", gzipped("ab") + gzipped("cd"), plenty), "abcd");
  EXPECT_EQ(*decode_content("zstd", zstandard("ab") + zstandard("cd"), plenty), "abcd");
}

TEST(ContentEncoding, BombsEndAtTheLimit) {
  const std::string zeros(10'000'000, '\0');
  for (const auto& [encoding, body] :
       {std::pair{"gzip", gzipped(zeros)}, std::pair{"zstd", zstandard(zeros)}}) {
    const auto decoded = decode_content(encoding, body, 1'000'000);
    ASSERT_FALSE(decoded) << encoding;
    EXPECT_EQ(decoded.error().code, ErrorCode::limit_exceeded);
    EXPECT_EQ(decode_content(encoding, body, zeros.size())->size(), zeros.size());
  }
  EXPECT_EQ(decode_content("", zeros, 1'000'000).error().code, ErrorCode::limit_exceeded);
}

TEST(ContentEncoding, BrokenAndTruncatedBodiesAreRefused) {
  const std::string text(100'000, 'y');
  for (const auto& [encoding, body] :
       {std::pair{"gzip", gzipped(text)}, std::pair{"zstd", zstandard(text)}}) {
    for (const std::size_t cut : {0UL, 1UL, 5UL, body.size() / 2, body.size() - 1}) {
      const auto decoded = decode_content(encoding, body.substr(0, cut), plenty);
      ASSERT_FALSE(decoded) << encoding << cut;
      EXPECT_EQ(decoded.error().code, ErrorCode::invalid_argument);
    }
    EXPECT_FALSE(decode_content(encoding, body + "tail", plenty)) << encoding;
    EXPECT_FALSE(decode_content(encoding, "plain text", plenty)) << encoding;
  }
  EXPECT_FALSE(decode_content("br", "x", plenty));
}

TEST(ContentEncoding, AWindowOfZstdIsEightMebibytesAtMost) {
  const std::string text(3'000'000, 'z');
  for (const auto& [window_log, good] : {std::pair{23, true}, std::pair{24, false}, std::pair{27, false}}) {
    const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(ZSTD_createCCtx(), ZSTD_freeCCtx);
    ZSTD_CCtx_setParameter(context.get(), ZSTD_c_windowLog, window_log);
    std::string body(ZSTD_compressBound(text.size()), '\0');
    ZSTD_inBuffer input{text.data(), text.size(), 0};
    ZSTD_outBuffer output{body.data(), body.size(), 0};
    // In two steps: a text of known size would narrow the window.
    ZSTD_compressStream2(context.get(), &output, &input, ZSTD_e_flush);
    ASSERT_EQ(ZSTD_compressStream2(context.get(), &output, &input, ZSTD_e_end), 0U);
    body.resize(output.pos);
    const auto decoded = decode_content("zstd", body, plenty);
    EXPECT_EQ(decoded.has_value(), good) << window_log;
    if (!good && !decoded) {
      EXPECT_THAT(decoded.error().message, testing::HasSubstr("8 MiB"));
    }
  }
}

}  // namespace
}  // namespace peering::api
