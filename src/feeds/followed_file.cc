#include "feeds/followed_file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"

namespace peering::feeds {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t checked_bytes = 256;
constexpr std::size_t search_bytes = 1024UL * 1024, searches_at_once_max = 64;

tl::unexpected<Error> file_error(std::string_view path) {
  return fail(ErrorCode::io, "{} cannot be read: {}", path, std::strerror(errno));
}

std::uint16_t check_of(const std::string& generation, std::string_view bytes) {
  const Sha256 digest = sha256(generation + std::string(bytes));
  return static_cast<std::uint16_t>(digest[0] << 8 | digest[1]);
}

// What rotated files of one log share: all of the name but its numbers and dates.
std::string without_digits(std::string name) {
  std::erase_if(name, [](char c) { return c >= '0' && c <= '9'; });
  return name;
}

struct Neighbor {
  std::string path;
  std::uint64_t inode = 0;
  timespec written{};
};

bool later(const timespec& a, const timespec& b) {
  return a.tv_sec != b.tv_sec ? a.tv_sec > b.tv_sec : a.tv_nsec > b.tv_nsec;
}

// The regular files of the folder of `path`.
std::vector<Neighbor> neighbors(const std::string& path) {
  std::vector<Neighbor> out;
  std::error_code error;
  const fs::path folder = fs::path(path).parent_path();
  for (fs::directory_iterator each(folder.empty() ? "." : folder, error), end; !error && each != end;
       each.increment(error)) {
    struct stat status{};
    if (::stat(each->path().c_str(), &status) != 0 || !S_ISREG(status.st_mode)) continue;
    out.push_back({each->path().string(), status.st_ino, status.st_mtim});
  }
  return out;
}

}  // namespace

FollowedFile::Descriptor::~Descriptor() {
  if (value_ >= 0) ::close(value_);
}

FollowedFile::FollowedFile(FollowedFileSettings settings, std::optional<FilePosition> remembered)
    : settings_(std::move(settings)), position_(std::move(remembered)) {}
FollowedFile::~FollowedFile() = default;

Result<std::optional<FollowedFile::OpenFile>> FollowedFile::open(const std::string& path) {
  // A pipe would wait for its writer.
  OpenFile out{Descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)), 0};
  if (out.file.get() < 0) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    return file_error(path);
  }
  struct stat status{};
  if (::fstat(out.file.get(), &status) != 0) return file_error(path);
  if (!S_ISREG(status.st_mode)) return fail(ErrorCode::io, "{} is no regular file", path);
  out.inode = status.st_ino;
  return out;
}

Result<std::string> FollowedFile::read(std::uint64_t offset, std::size_t bytes) const {
  std::string out(bytes, '\0');
  std::size_t filled = 0;
  while (filled < bytes) {
    const ssize_t count =
        ::pread(file_->file.get(), out.data() + filled, bytes - filled, static_cast<off_t>(offset + filled));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return file_error(settings_.path);
    if (count == 0) break;
    filled += static_cast<std::size_t>(count);
  }
  out.resize(filled);
  return out;
}

Result<std::string> FollowedFile::read_before(std::uint64_t offset) const {
  const std::uint64_t bytes = std::min<std::uint64_t>(offset, checked_bytes);
  return read(offset - bytes, bytes);
}

void FollowedFile::begin_generation() {
  position_ = FilePosition{random_uuid(), file_->inode, 0, 0};
  position_->check = check_of(position_->generation, "");
  before_.clear();
  searched_ = 0;
  quiet_since_.reset();
}

Result<void> FollowedFile::begin_anew(OpenFile file, bool at_end) {
  file_ = std::move(file);
  begin_generation();
  if (!at_end) return {};
  struct stat status{};
  if (::fstat(file_->file.get(), &status) != 0) return file_error(settings_.path);
  const auto size = static_cast<std::uint64_t>(status.st_size);
  const std::uint64_t from = size - std::min<std::uint64_t>(size, settings_.chunk_bytes_max);
  const auto last = read(from, settings_.chunk_bytes_max);
  if (!last) return tl::unexpected(last.error());
  const std::uint64_t offset = from + last->rfind('\n') + 1;  // no line end: `from`
  auto before = read_before(offset);
  if (!before) return tl::unexpected(before.error());
  before_ = std::move(*before);
  position_->offset = offset;
  position_->check = check_of(position_->generation, before_);
  return {};
}

// Goes on in the file when it has what stood before the position.
Result<bool> FollowedFile::resume(const std::string& path) {
  auto opened = open(path);
  if (!opened) return tl::unexpected(opened.error());
  if (!*opened || (*opened)->inode != position_->inode) return false;
  file_ = std::move(**opened);
  auto before = read_before(position_->offset);
  if (!before) return tl::unexpected(before.error());
  if (before->size() == std::min<std::uint64_t>(position_->offset, checked_bytes) &&
      check_of(position_->generation, *before) == position_->check) {
    before_ = std::move(*before);
    return true;
  }
  file_.reset();
  return false;
}

Result<bool> FollowedFile::find_remembered() {
  if (auto found = resume(settings_.path); !found || *found) return found;
  for (const Neighbor& each : neighbors(settings_.path)) {
    if (each.inode != position_->inode) continue;
    if (auto found = resume(each.path); !found || *found) return found;
  }
  return false;
}

Result<bool> FollowedFile::find_file() {
  if (position_) {
    if (auto found = find_remembered(); !found || *found) return found;
  }
  auto opened = open(settings_.path);
  if (!opened) return tl::unexpected(opened.error());
  const bool first_look = !std::exchange(looked_at_path_, true);
  if (!*opened) return false;
  if (position_) ++((*opened)->inode == position_->inode ? truncated_ : lost_);
  const bool at_end = !position_ && first_look && !settings_.from_beginning;
  return begin_anew(std::move(**opened), at_end).map([] { return true; });
}

Result<std::optional<FileChunk>> FollowedFile::next(Clock::time_point at) {
  if (!file_) {
    auto found = find_file();
    if (!found) return tl::unexpected(found.error());
    if (!*found) return std::nullopt;
  }
  auto lines = read_lines();
  if (!lines || *lines) return lines;
  return leave(at);
}

// One read tells whether the content is still the same, and what follows.
Result<std::optional<FileChunk>> FollowedFile::read_lines() {
  auto bytes = read(position_->offset - before_.size(), before_.size() + settings_.chunk_bytes_max);
  if (!bytes) return tl::unexpected(bytes.error());
  if (!bytes->starts_with(before_)) {
    ++truncated_;
    begin_generation();
    return read_lines();
  }
  bytes->erase(0, before_.size());
  const std::size_t last = bytes->rfind('\n');
  if (last == std::string::npos) {
    if (bytes->size() < settings_.chunk_bytes_max) return std::nullopt;
    return pass_long_line(position_->offset + bytes->size());
  }
  bytes->resize(last + 1);
  const std::uint64_t end = position_->offset + bytes->size();
  return chunk(std::move(*bytes), end, 0).map([](FileChunk&& done) {
    return std::optional(std::move(done));
  });
}

Result<std::optional<FileChunk>> FollowedFile::pass_long_line(std::uint64_t from) {
  searched_ = std::max(searched_, from);
  for (std::size_t i = 0; i < searches_at_once_max; ++i) {
    const auto bytes = read(searched_, search_bytes);
    if (!bytes) return tl::unexpected(bytes.error());
    if (const std::size_t end = bytes->find('\n'); end != std::string::npos) {
      return chunk("", searched_ + end + 1, 1).map([](FileChunk&& done) {
        return std::optional(std::move(done));
      });
    }
    searched_ += bytes->size();
    if (bytes->size() < search_bytes) break;
  }
  return std::nullopt;
}

Result<FileChunk> FollowedFile::chunk(std::string text, std::uint64_t end, std::uint64_t too_long) const {
  const auto before = read_before(end);
  if (!before) return tl::unexpected(before.error());
  return FileChunk{std::move(text), end, check_of(position_->generation, *before), too_long};
}

Result<bool> FollowedFile::advance(std::uint64_t end, std::uint16_t check) {
  auto before = read_before(end);
  if (!before) return tl::unexpected(before.error());
  if (before->size() != std::min<std::uint64_t>(end, checked_bytes) ||
      check_of(position_->generation, *before) != check) {
    ++truncated_;
    begin_generation();
    return false;
  }
  position_->offset = end;
  position_->check = check;
  before_ = std::move(*before);
  searched_ = 0;
  return true;
}

// There is no whole line: is another file due? A last line without an end is one when nothing follows it.
Result<std::optional<FileChunk>> FollowedFile::leave(Clock::time_point at) {
  struct stat open_now{}, at_path{};
  if (::fstat(file_->file.get(), &open_now) != 0) return file_error(settings_.path);
  if (::stat(settings_.path.c_str(), &at_path) == 0 && at_path.st_ino == file_->inode) {
    quiet_since_.reset();
    return std::nullopt;
  }
  const auto size = static_cast<std::uint64_t>(open_now.st_size);
  if (!quiet_since_ || size != size_) quiet_since_ = at;
  size_ = size;
  if (at - *quiet_since_ < settings_.renamed_quiet) return std::nullopt;
  auto following = next_file();
  if (!following) return tl::unexpected(following.error());
  if (!*following) return std::nullopt;
  if (size > position_->offset) {
    auto rest = read(position_->offset, settings_.chunk_bytes_max);
    if (!rest) return tl::unexpected(rest.error());
    const bool too_long = rest->size() == settings_.chunk_bytes_max;
    return chunk(too_long ? "" : std::move(*rest), size, too_long ? 1 : 0).map([](FileChunk&& done) {
      return std::optional(std::move(done));
    });
  }
  ++renamed_;
  if (auto done = begin_anew(std::move(**following), false); !done) return tl::unexpected(done.error());
  return read_lines();
}

// The oldest of those that were rotated away after ours, else the one at the path.
Result<std::optional<FollowedFile::OpenFile>> FollowedFile::next_file() const {
  const auto around = neighbors(settings_.path);
  const auto ours = std::ranges::find(around, file_->inode, &Neighbor::inode);
  const Neighbor* oldest = nullptr;
  for (const Neighbor& each : around) {
    if (ours == around.end() || !later(each.written, ours->written)) continue;
    if (without_digits(each.path) != without_digits(ours->path)) continue;
    if (!oldest || later(oldest->written, each.written)) oldest = &each;
  }
  return open(oldest ? oldest->path : settings_.path);
}

}  // namespace peering::feeds
