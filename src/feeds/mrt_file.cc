#include "feeds/mrt_file.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

#include "wire/mrt/decompress.h"

namespace peering::feeds {

namespace mrt = wire::mrt;

namespace {

constexpr std::size_t read_bytes = 256 * 1024;
constexpr std::size_t output_bytes = 1024 * 1024;

}  // namespace

struct MrtFile::State {
  int file = -1;
  std::vector<std::uint8_t> input = std::vector<std::uint8_t>(read_bytes);
  std::span<const std::uint8_t> unread;
  bool ended = false;
  std::unique_ptr<mrt::Decompressor> decompressor;
  std::vector<std::uint8_t> plain;
  std::size_t at = 0;
  std::uint64_t records = 0;

  ~State() {
    if (file > STDIN_FILENO) ::close(file);
  }

  Result<void> read_more() {
    if (!unread.empty() || ended) return {};
    std::size_t filled = 0;
    // A pipe may give few bytes; the magic needs four.
    while (filled < 4) {
      const ssize_t count = ::read(file, input.data() + filled, input.size() - filled);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return fail(ErrorCode::io, "the file cannot be read: {}", std::strerror(errno));
      if (count == 0) ended = true;
      if (count == 0) break;
      filled += static_cast<std::size_t>(count);
    }
    unread = std::span(input).first(filled);
    if (!decompressor) decompressor = mrt::make_decompressor(mrt::detect_compression(unread));
    return {};
  }

  // False when the stream has no more bytes.
  Result<bool> extend() {
    plain.erase(plain.begin(), plain.begin() + static_cast<std::ptrdiff_t>(at));
    at = 0;
    const std::size_t before = plain.size();
    while (plain.size() == before) {
      if (auto done = read_more(); !done) return tl::unexpected(done.error());
      const bool had_input = !unread.empty();
      if (auto done = decompressor->feed(unread, plain, output_bytes); !done)
        return tl::unexpected(done.error());
      if (plain.size() == before && !had_input && ended) {
        if (!decompressor->complete()) return fail(ErrorCode::corrupt, "the compressed stream is cut off");
        return false;
      }
    }
    return true;
  }
};

MrtFile::MrtFile(std::unique_ptr<State> state) : state_(std::move(state)) {}
MrtFile::~MrtFile() = default;
MrtFile::MrtFile(MrtFile&&) noexcept = default;
MrtFile& MrtFile::operator=(MrtFile&&) noexcept = default;

Result<MrtFile> MrtFile::open(const std::string& path) {
  auto state = std::make_unique<State>();
  state->file = path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (state->file < 0) {
    return fail(errno == ENOENT ? ErrorCode::not_found : ErrorCode::io, "{} cannot be opened: {}", path,
                std::strerror(errno));
  }
  return MrtFile(std::move(state));
}

Result<bool> MrtFile::next(mrt::Record& record) {
  State& s = *state_;
  while (true) {
    const auto rest = std::span<const std::uint8_t>(s.plain).subspan(s.at);
    const auto length = mrt::split_record(rest);
    if (!length) return tl::unexpected(length.error());
    if (*length > 0) {
      s.at += *length;
      ++s.records;
      const auto header = mrt::decode_header(rest.first(*length));
      if (!header) return tl::unexpected(header.error());
      record = *header;
      return true;
    }
    const auto more = s.extend();
    if (!more) return more;
    if (*more) continue;
    if (s.plain.empty()) return false;
    return fail(ErrorCode::corrupt, "{} bytes after record {} are no whole record", s.plain.size(),
                s.records);
  }
}

std::uint64_t MrtFile::records() const { return state_->records; }

}  // namespace peering::feeds
