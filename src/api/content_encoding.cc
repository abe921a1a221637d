#include "api/content_encoding.h"

#include <algorithm>
#include <memory>
#include <vector>

#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "api/arm/names.h"

namespace peering::api {

namespace {

constexpr std::size_t piece_bytes = 64 * 1024;
constexpr int zstd_window_log_max = 23;
constexpr int gzip_window_bits = 15 + 16;  // zlib.h, inflateInit2: 16 asks for the gzip format

tl::unexpected<Error> broken(std::string_view encoding, std::string_view rule) {
  return tl::unexpected(invalid("body", encoding, rule));
}

tl::unexpected<Error> too_large(std::size_t bytes_max) {
  return fail(ErrorCode::limit_exceeded, "the decoded body is larger than {} bytes", bytes_max);
}

// Ends zlib's state whatever happens.
class Inflater {
 public:
  Inflater() { ready_ = inflateInit2(&stream_, gzip_window_bits) == Z_OK; }
  ~Inflater() {
    if (ready_) inflateEnd(&stream_);
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  bool ready() const { return ready_; }
  z_stream& stream() { return stream_; }

 private:
  z_stream stream_{};
  bool ready_ = false;
};

Result<std::string> gunzip(std::string_view body, std::size_t bytes_max) {
  Inflater inflater;
  if (!inflater.ready()) return fail(ErrorCode::internal, "zlib cannot be set up");
  z_stream& stream = inflater.stream();
  std::vector<char> piece(piece_bytes);
  std::string out;
  // zlib never writes through next_in.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
  stream.avail_in = static_cast<uInt>(body.size());
  while (true) {
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = static_cast<uInt>(piece.size());
    const int result = inflate(&stream, Z_NO_FLUSH);
    const std::size_t made = piece.size() - stream.avail_out;
    if (out.size() + made > bytes_max) return too_large(bytes_max);
    out.append(piece.data(), made);
    if (result == Z_STREAM_END) {
      if (stream.avail_in == 0) return out;
      if (inflateReset(&stream) != Z_OK) return broken("gzip", "a whole gzip stream");
    } else if (result != Z_OK || (stream.avail_in == 0 && made == 0)) {
      return broken("gzip", "a whole gzip stream");
    }
  }
}

Result<std::string> unzstd(std::string_view body, std::size_t bytes_max) {
  const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context(ZSTD_createDCtx(), ZSTD_freeDCtx);
  if (!context) return fail(ErrorCode::internal, "zstd cannot be set up");
  ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, zstd_window_log_max);
  std::vector<char> piece(piece_bytes);
  std::string out;
  ZSTD_inBuffer input{body.data(), body.size(), 0};
  std::size_t hint = 1;
  while (true) {
    ZSTD_outBuffer output{piece.data(), piece.size(), 0};
    const std::size_t before = input.pos;
    hint = ZSTD_decompressStream(context.get(), &output, &input);
    if (ZSTD_getErrorCode(hint) == ZSTD_error_frameParameter_windowTooLarge) {
      return broken("zstd", "a window of at most 8 MiB (RFC 9659)");
    }
    if (ZSTD_isError(hint) != 0) return broken("zstd", "a whole zstd stream");
    if (out.size() + output.pos > bytes_max) return too_large(bytes_max);
    out.append(piece.data(), output.pos);
    const bool drained = output.pos < output.size;
    if (input.pos == input.size && (drained || hint == 0)) break;
    if (input.pos == before && output.pos == 0) return broken("zstd", "a whole zstd stream");
  }
  // Zero: the last frame ended where the body ended.
  if (hint != 0) return broken("zstd", "a whole zstd stream");
  return out;
}

}  // namespace

bool is_identity(std::string_view encoding) {
  return encoding.empty() || arm::same_name(encoding, "identity");
}

Result<std::string> decode_content(std::string_view encoding, std::string_view body, std::size_t bytes_max) {
  if (is_identity(encoding)) {
    if (body.size() > bytes_max) return too_large(bytes_max);
    return std::string(body);
  }
  if (arm::same_name(encoding, "gzip") || arm::same_name(encoding, "x-gzip")) return gunzip(body, bytes_max);
  if (arm::same_name(encoding, "zstd")) return unzstd(body, bytes_max);
  return tl::unexpected(invalid("Content-Encoding", encoding, "gzip, zstd or identity"));
}

}  // namespace peering::api
