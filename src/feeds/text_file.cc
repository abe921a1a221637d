#include "feeds/text_file.h"

#include <fstream>
#include <vector>

#include "wire/mrt/decompress.h"

namespace peering::feeds {

namespace {

constexpr std::size_t text_piece_bytes = 256 * 1024;

}  // namespace

Result<void> read_text_pieces(const std::string& path,
                              const std::function<Result<void>(std::string_view)>& take) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail(ErrorCode::io, "{}: the file cannot be opened", path);
  std::vector<std::uint8_t> piece(text_piece_bytes), plain;
  std::unique_ptr<wire::mrt::Decompressor> decompressor;
  for (bool first = true; in; first = false) {
    in.read(reinterpret_cast<char*>(piece.data()), static_cast<std::streamsize>(piece.size()));
    std::span<const std::uint8_t> input(piece.data(), static_cast<std::size_t>(in.gcount()));
    if (first) decompressor = wire::mrt::make_decompressor(wire::mrt::detect_compression(input));
    while (true) {
      plain.clear();
      if (const auto fed = decompressor->feed(input, plain, text_piece_bytes); !fed) {
        return fail(fed.error().code, "{}: {}", path, fed.error().message);
      }
      const std::string_view piece_text(reinterpret_cast<const char*>(plain.data()), plain.size());
      if (auto taken = take(piece_text); !taken) return taken;
      if (input.empty() && plain.empty()) break;
    }
  }
  if (in.bad()) return fail(ErrorCode::io, "{}: the file cannot be read", path);
  if (!decompressor->complete())
    return fail(ErrorCode::corrupt, "{}: the compressed file is cut short", path);
  return {};
}

Result<std::string> read_text_file(const std::string& path, std::size_t bytes_max) {
  std::string out;
  const auto read = read_text_pieces(path, [&](std::string_view piece) -> Result<void> {
    out.append(piece);
    if (out.size() > bytes_max) {
      return fail(ErrorCode::limit_exceeded, "{}: more than {} bytes", path, bytes_max);
    }
    return {};
  });
  if (!read) return tl::unexpected(read.error());
  return out;
}

}  // namespace peering::feeds
