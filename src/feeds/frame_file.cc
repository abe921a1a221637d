#include "feeds/frame_file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "feeds/unpacker.h"
#include "wire/mrt/decompress.h"

namespace peering::feeds {

namespace mrt = wire::mrt;

namespace {

constexpr std::size_t read_bytes = 256 * 1024;
constexpr std::size_t output_bytes = 512 * 1024;
constexpr std::size_t magic_bytes = 6;
constexpr std::size_t header_bytes_max = 64;  // more than any frame's header

}  // namespace

struct FrameFile::State {
  Split split = nullptr;
  int file = -1;
  std::vector<std::uint8_t> input = std::vector<std::uint8_t>(read_bytes);
  std::span<const std::uint8_t> unread;
  bool ended = false;
  std::unique_ptr<mrt::Decompressor> decompressor;
  std::unique_ptr<Unpacker> unpacker;  // of regular files that are compressed
  std::vector<std::uint8_t> plain;
  std::span<const std::uint8_t> shown;  // `plain`, or what the unpacker gave where nothing was left before it
  std::size_t at = 0;
  std::uint64_t frames = 0;
  Find find = nullptr;
  bool whole = false;             // nothing follows `shown`
  std::uint64_t plain_start = 0;  // where in the file `shown` begins
  std::uint64_t frame_offset = 0;
  std::optional<Gap> gap;

  std::span<const std::uint8_t> rest() const { return shown.subspan(at); }
  std::uint64_t offset() const { return plain_start + at; }

  ~State() {
    unpacker.reset();
    if (file > STDIN_FILENO) ::close(file);
  }

  // Fills `unread` when it is empty.
  Result<void> read_more() {
    if (!unread.empty() || ended) return {};
    std::size_t filled = 0;
    while (filled < magic_bytes) {  // a pipe may give fewer
      const ssize_t count = ::read(file, input.data() + filled, input.size() - filled);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return fail(ErrorCode::io, "the file cannot be read: {}", std::strerror(errno));
      if (count == 0) ended = true;
      if (count == 0) break;
      filled += static_cast<std::size_t>(count);
    }
    unread = std::span(input).first(filled);
    if (!decompressor) {
      const auto compression = mrt::detect_compression(unread);
      struct stat about{};
      if (compression != mrt::Compression::none && ::fstat(file, &about) == 0 && S_ISREG(about.st_mode)) {
        unpacker = make_unpacker(file, compression);
      }
      decompressor = mrt::make_decompressor(compression);
    }
    return {};
  }

  Result<bool> extend_unpacked() {
    auto piece = unpacker->next();
    if (!piece) return tl::unexpected(piece.error());
    whole = piece->empty();
    if (plain.empty()) {
      shown = *piece;
    } else {
      plain.insert(plain.end(), piece->begin(), piece->end());
      shown = plain;
    }
    return !whole;
  }

  // Moves it to the begin of `plain`.
  void keep_rest() {
    if (shown.data() == plain.data()) {
      plain.erase(plain.begin(), plain.begin() + static_cast<std::ptrdiff_t>(at));
    } else {
      plain.assign(rest().begin(), rest().end());
    }
    shown = plain;
    plain_start += at;
    at = 0;
  }

  // Puts more bytes behind those that are no whole frame yet; false when the stream has no more.
  Result<bool> extend() {
    if (whole) return false;
    keep_rest();
    if (unpacker) return extend_unpacked();
    const std::size_t before = plain.size();
    while (plain.size() == before) {
      if (auto done = read_more(); !done) return tl::unexpected(done.error());
      if (unpacker) return extend_unpacked();
      const bool had_input = !unread.empty();
      if (auto done = decompressor->feed(unread, plain, output_bytes); !done) {
        return tl::unexpected(done.error());
      }
      if (plain.size() == before && !had_input && ended) {
        if (!decompressor->complete()) return fail(ErrorCode::corrupt, "the compressed stream is cut off");
        whole = true;
        return false;
      }
    }
    shown = plain;
    return true;
  }

  // Goes on to where the next frame seems to begin; an error when there is none.
  Result<void> skip_damage(const std::string& reason) {
    const std::uint64_t from = offset();
    ++at;
    while (true) {
      const std::size_t found = find(rest(), whole);
      if (found < rest().size()) {
        at += found;
        break;
      }
      if (whole) {
        at = shown.size();
        return fail(ErrorCode::corrupt, "offset {}: {}; nothing readable follows", from, reason);
      }
      at += found - std::min(found, header_bytes_max);  // a header may have begun
      if (const auto more = extend(); !more) return tl::unexpected(more.error());
    }
    if (!gap) gap = Gap{from, 0, reason};
    gap->bytes = offset() - gap->offset;
    return {};
  }
};

FrameFile::FrameFile(std::unique_ptr<State> state) : state_(std::move(state)) {}
FrameFile::~FrameFile() = default;
FrameFile::FrameFile(FrameFile&&) noexcept = default;
FrameFile& FrameFile::operator=(FrameFile&&) noexcept = default;

Result<FrameFile> FrameFile::open(const std::string& path, Split split, Find find) {
  auto state = std::make_unique<State>();
  state->split = split;
  state->find = find;
  state->file = path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (state->file < 0) {
    return fail(errno == ENOENT ? ErrorCode::not_found : ErrorCode::io, "{} cannot be opened: {}", path,
                std::strerror(errno));
  }
  return FrameFile(std::move(state));
}

Result<std::span<const std::uint8_t>> FrameFile::next() {
  State& s = *state_;
  s.gap.reset();
  while (true) {
    const auto rest = s.rest();
    const auto length = s.split(rest);
    if (!length) {
      if (!s.find) return tl::unexpected(length.error());
      if (const auto done = s.skip_damage(length.error().message); !done) return tl::unexpected(done.error());
      continue;
    }
    if (*length > 0) {
      s.frame_offset = s.offset();
      s.at += *length;
      ++s.frames;
      return rest.first(*length);
    }
    const auto more = s.extend();
    if (!more) return tl::unexpected(more.error());
    if (*more) continue;
    if (s.rest().empty()) return std::span<const std::uint8_t>();
    const std::string reason = fmt::format("{} bytes at the end are no whole frame", s.rest().size());
    if (!s.find) return fail(ErrorCode::corrupt, "{}", reason);
    if (const auto done = s.skip_damage(reason); !done) return tl::unexpected(done.error());
  }
}

std::uint64_t FrameFile::frames() const { return state_->frames; }
std::uint64_t FrameFile::offset() const { return state_->frame_offset; }
const std::optional<FrameFile::Gap>& FrameFile::gap() const { return state_->gap; }

}  // namespace peering::feeds
