#include "wire/mrt/decompress.h"

#include <algorithm>

#include <bzlib.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

namespace peering::wire::mrt {

namespace {

constexpr int gzip_window = 15 + 16;  // zlib: 32 KiB window, gzip header

// Gives `run` a piece of `out` to write to; keeps what it wrote.
template <class Run>
Result<void> into(std::vector<std::uint8_t>& out, std::size_t output_max, Run run) {
  const std::size_t before = out.size();
  out.resize(before + output_max);
  std::size_t written = 0;
  const Result<void> done = run(out.data() + before, written);
  out.resize(before + written);
  return done;
}

class Plain final : public Decompressor {
 public:
  Result<void> feed(std::span<const std::uint8_t>& input, std::vector<std::uint8_t>& out,
                    std::size_t output_max) override {
    const std::size_t count = std::min(input.size(), output_max);
    out.insert(out.end(), input.begin(), input.begin() + static_cast<std::ptrdiff_t>(count));
    input = input.subspan(count);
    return {};
  }
  bool complete() const override { return true; }
};

class Gzip final : public Decompressor {
 public:
  Gzip() { inflateInit2(&stream_, gzip_window); }
  ~Gzip() override { inflateEnd(&stream_); }

  Result<void> feed(std::span<const std::uint8_t>& input, std::vector<std::uint8_t>& out,
                    std::size_t output_max) override {
    if (complete_ && !input.empty()) {
      inflateReset(&stream_);
      complete_ = false;
    }
    return into(out, output_max, [&](std::uint8_t* to, std::size_t& written) -> Result<void> {
      stream_.next_in = const_cast<Bytef*>(input.data());
      stream_.avail_in = static_cast<uInt>(std::min<std::size_t>(input.size(), 1U << 30));
      const uInt given = stream_.avail_in;
      stream_.next_out = to;
      stream_.avail_out = static_cast<uInt>(output_max);
      const int status = complete_ ? Z_OK : inflate(&stream_, Z_NO_FLUSH);
      written = output_max - stream_.avail_out;
      input = input.subspan(given - stream_.avail_in);
      if (status == Z_STREAM_END) complete_ = true;
      if (status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR) return {};
      return fail(ErrorCode::corrupt, "the gzip stream is damaged: {}",
                  stream_.msg ? stream_.msg : "unknown");
    });
  }
  bool complete() const override { return complete_; }

 private:
  z_stream stream_{};
  bool complete_ = false;
};

class Bzip2 final : public Decompressor {
 public:
  Bzip2() { BZ2_bzDecompressInit(&stream_, 0, 0); }
  ~Bzip2() override { BZ2_bzDecompressEnd(&stream_); }

  Result<void> feed(std::span<const std::uint8_t>& input, std::vector<std::uint8_t>& out,
                    std::size_t output_max) override {
    if (complete_ && !input.empty()) {
      BZ2_bzDecompressEnd(&stream_);
      stream_ = bz_stream{};
      BZ2_bzDecompressInit(&stream_, 0, 0);
      complete_ = false;
    }
    return into(out, output_max, [&](std::uint8_t* to, std::size_t& written) -> Result<void> {
      stream_.next_in = const_cast<char*>(reinterpret_cast<const char*>(input.data()));
      stream_.avail_in = static_cast<unsigned>(std::min<std::size_t>(input.size(), 1U << 30));
      const unsigned given = stream_.avail_in;
      stream_.next_out = reinterpret_cast<char*>(to);
      stream_.avail_out = static_cast<unsigned>(output_max);
      const int status = complete_ ? BZ_OK : BZ2_bzDecompress(&stream_);
      written = output_max - stream_.avail_out;
      input = input.subspan(given - stream_.avail_in);
      if (status == BZ_STREAM_END) complete_ = true;
      if (status == BZ_OK || status == BZ_STREAM_END) return {};
      return fail(ErrorCode::corrupt, "the bzip2 stream is damaged (code {})", status);
    });
  }
  bool complete() const override { return complete_; }

 private:
  bz_stream stream_{};
  bool complete_ = false;
};

class Zstd final : public Decompressor {
 public:
  Zstd() : stream_(ZSTD_createDStream()) {
    ZSTD_DCtx_setParameter(stream_, ZSTD_d_windowLogMax, window_log_max);
  }
  ~Zstd() override { ZSTD_freeDStream(stream_); }

  Result<void> feed(std::span<const std::uint8_t>& input, std::vector<std::uint8_t>& out,
                    std::size_t output_max) override {
    return into(out, output_max, [&](std::uint8_t* to, std::size_t& written) -> Result<void> {
      ZSTD_inBuffer in{input.data(), input.size(), 0};
      ZSTD_outBuffer space{to, output_max, 0};
      if (!input.empty() || !complete_) {
        const std::size_t left = ZSTD_decompressStream(stream_, &space, &in);
        if (ZSTD_isError(left)) {
          return fail(ErrorCode::corrupt, "the zstd stream is damaged: {}", ZSTD_getErrorName(left));
        }
        complete_ = left == 0;
      }
      written = space.pos;
      input = input.subspan(in.pos);
      return {};
    });
  }
  bool complete() const override { return complete_; }

 private:
  static constexpr int window_log_max = 27;  // 128 MiB: what the zstd tool itself takes
  ZSTD_DStream* stream_;
  bool complete_ = false;
};

class Xz final : public Decompressor {
 public:
  Xz() { start(); }
  ~Xz() override { lzma_end(&stream_); }

  Result<void> feed(std::span<const std::uint8_t>& input, std::vector<std::uint8_t>& out,
                    std::size_t output_max) override {
    return into(out, output_max, [&](std::uint8_t* to, std::size_t& written) -> Result<void> {
      // The library reads concatenated streams too, but then cannot say that the input may end here.
      if (complete_ && !input.empty()) {
        while (!input.empty() && input.front() == 0) input = input.subspan(1);
        if (input.empty()) return {};
        start();
      }
      if (complete_) return {};
      stream_.next_in = input.data();
      stream_.avail_in = input.size();
      stream_.next_out = to;
      stream_.avail_out = output_max;
      const lzma_ret status = started_ == LZMA_OK ? lzma_code(&stream_, LZMA_RUN) : started_;
      written = output_max - stream_.avail_out;
      input = input.subspan(input.size() - stream_.avail_in);
      if (status == LZMA_STREAM_END) complete_ = true;
      if (status == LZMA_OK || status == LZMA_STREAM_END || status == LZMA_BUF_ERROR) return {};
      return fail(ErrorCode::corrupt, "the xz stream is damaged (code {})", static_cast<int>(status));
    });
  }
  bool complete() const override { return complete_; }

 private:
  static constexpr std::uint64_t memory_max = 256 << 20;  // above what `xz -9` needs
  void start() {
    started_ = lzma_stream_decoder(&stream_, memory_max, 0);
    complete_ = false;
  }
  lzma_stream stream_ = LZMA_STREAM_INIT;
  lzma_ret started_ = LZMA_OK;
  bool complete_ = false;
};

}  // namespace

Compression detect_compression(std::span<const std::uint8_t> start) {
  const auto begins = [&](std::initializer_list<std::uint8_t> magic) {
    return start.size() >= magic.size() && std::equal(magic.begin(), magic.end(), start.begin());
  };
  if (begins({0x1f, 0x8b})) return Compression::gzip;
  if (begins({'B', 'Z', 'h'})) return Compression::bzip2;
  if (begins({0x28, 0xb5, 0x2f, 0xfd})) return Compression::zstd;
  if (begins({0xfd, '7', 'z', 'X', 'Z', 0})) return Compression::xz;
  return Compression::none;
}

std::unique_ptr<Decompressor> make_decompressor(Compression compression) {
  switch (compression) {
    case Compression::gzip:
      return std::make_unique<Gzip>();
    case Compression::bzip2:
      return std::make_unique<Bzip2>();
    case Compression::zstd:
      return std::make_unique<Zstd>();
    case Compression::xz:
      return std::make_unique<Xz>();
    case Compression::none:
      break;
  }
  return std::make_unique<Plain>();
}

}  // namespace peering::wire::mrt
