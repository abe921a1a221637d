#include "feeds/unpacker.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>
#include <future>
#include <optional>
#include <utility>

#include <libdeflate.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wire/mrt/bzip2_blocks.h"

namespace peering::feeds {

namespace {

namespace mrt = wire::mrt;

using Octets = std::vector<std::uint8_t>;

constexpr std::size_t read_bytes = 1024 * 1024, piece_bytes = 1024 * 1024;
constexpr std::size_t packed_max = 64 * 1024 * 1024, unpacked_max = 192 * 1024 * 1024;  // libdeflate's
constexpr std::size_t block_bytes_max = 2 * 1024 * 1024;  // bzip2's are below 1 MiB
constexpr std::size_t blocks_ahead = 4;

// Appends what there is, at most `read_bytes`; false at the end.
Result<bool> read_piece(int file, Octets& out) {
  const std::size_t before = out.size();
  out.resize(before + read_bytes);
  ssize_t count = -1;
  do {
    count = ::read(file, out.data() + before, read_bytes);
  } while (count < 0 && errno == EINTR);
  out.resize(before + static_cast<std::size_t>(count < 0 ? 0 : count));
  if (count < 0) return fail(ErrorCode::io, "the file cannot be read: {}", std::strerror(errno));
  return count > 0;
}

// One piece after the other, the next one while the reader uses the last.
class Streamed final : public Unpacker {
 public:
  /// From the file's place on; the first `skip` plain bytes are left out.
  Streamed(int file, mrt::Compression compression, std::uint64_t skip)
      : file_(file), skip_(skip), decompressor_(mrt::make_decompressor(compression)) {}

  Result<Octets> next() override {
    if (!ahead_.valid()) ahead_ = begin();
    Result<Octets> out = ahead_.get();
    if (out && !out->empty()) ahead_ = begin();
    return out;
  }

 private:
  std::future<Result<Octets>> begin() {
    return std::async(std::launch::async, [this] { return piece(); });
  }

  Result<Octets> piece() {
    Octets out;
    while (out.empty()) {
      if (unread_.empty() && !ended_) {
        input_.clear();
        const auto more = read_piece(file_, input_);
        if (!more) return tl::unexpected(more.error());
        ended_ = !*more;
        unread_ = input_;
      }
      const bool had_input = !unread_.empty();
      if (auto done = decompressor_->feed(unread_, out, piece_bytes); !done)
        return tl::unexpected(done.error());
      if (out.empty() && !had_input && ended_) {
        if (decompressor_->complete()) return out;
        return fail(ErrorCode::corrupt, "the compressed stream is cut off");
      }
      const auto skipped = static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(skip_, out.size()));
      out.erase(out.begin(), out.begin() + skipped);
      skip_ -= static_cast<std::uint64_t>(skipped);
    }
    return out;
  }

  const int file_;
  std::uint64_t skip_;
  std::unique_ptr<mrt::Decompressor> decompressor_;
  Octets input_;
  std::span<const std::uint8_t> unread_;
  bool ended_ = false;
  std::future<Result<Octets>> ahead_;  // last: its task uses the others
};

// Gives what the class below cannot: everything after the first `given` bytes.
std::unique_ptr<Unpacker> start_again(int file, mrt::Compression compression, std::uint64_t given) {
  ::lseek(file, 0, SEEK_SET);
  return std::make_unique<Streamed>(file, compression, given);
}

// Whole members by libdeflate; what it cannot take, zlib gets.
class GzipMembers final : public Unpacker {
 public:
  GzipMembers(int file, std::size_t bytes) : file_(file), bytes_(bytes) {}

  Result<Octets> next() override {
    if (!instead_) {
      if (!ahead_.valid()) ahead_ = begin();
      auto member = ahead_.get();
      if (member) {
        given_ += member->size();
        if (!member->empty()) ahead_ = begin();
        return std::move(*member);
      }
      instead_ = start_again(file_, mrt::Compression::gzip, given_);
    }
    return instead_->next();
  }

 private:
  using Member = std::optional<Octets>;
  using Library = std::unique_ptr<libdeflate_decompressor, decltype(&libdeflate_free_decompressor)>;

  std::future<Member> begin() {
    return std::async(std::launch::async, [this] { return member(); });
  }

  // Nothing when it is damaged, or larger than is kept. An empty member is passed over.
  Member member() {
    while (packed_.size() < bytes_) {
      const auto more = read_piece(file_, packed_);
      if (!more || packed_.size() > packed_max) return std::nullopt;
      if (!*more) break;
    }
    Octets out;
    while (at_ < packed_.size() && out.empty()) {
      out.resize(capacity());
      std::size_t used = 0, made = 0;
      libdeflate_result status = LIBDEFLATE_INSUFFICIENT_SPACE;
      while (true) {
        status = libdeflate_gzip_decompress_ex(library_.get(), packed_.data() + at_, packed_.size() - at_,
                                               out.data(), out.size(), &used, &made);
        if (status != LIBDEFLATE_INSUFFICIENT_SPACE || out.size() >= unpacked_max) break;
        out.resize(std::min(out.size() * 2, unpacked_max));
      }
      if (status != LIBDEFLATE_SUCCESS) return std::nullopt;
      out.resize(made);
      at_ += used;
    }
    return out;
  }

  // The file's last four bytes say how much its last member makes.
  std::size_t capacity() const {
    std::uint32_t size = 0;
    std::memcpy(&size, packed_.data() + packed_.size() - std::min<std::size_t>(4, packed_.size()),
                std::min<std::size_t>(4, packed_.size()));
    return std::clamp<std::size_t>(size, piece_bytes, unpacked_max);
  }

  const int file_;
  const std::size_t bytes_;
  Library library_{libdeflate_alloc_decompressor(), &libdeflate_free_decompressor};
  Octets packed_;
  std::size_t at_ = 0;
  std::uint64_t given_ = 0;
  std::unique_ptr<Unpacker> instead_;
  std::future<Member> ahead_;  // last: its task uses the others
};

// Blocks by several threads, given in order, checksums compared. Where anything does not fit, the library
// reads the file in order.
class Bzip2Blocks final : public Unpacker {
 public:
  explicit Bzip2Blocks(int file) : file_(file) {}

  Result<Octets> next() override {
    while (!instead_) {
      while (!whole_ && !failed_ && tasks_.size() < blocks_ahead) failed_ = !split();
      if (tasks_.empty() && !failed_) return Octets();
      if (auto plain = take(); plain && !plain->empty()) {
        given_ += plain->size();
        return std::move(*plain);
      } else if (!plain) {
        tasks_.clear();
        instead_ = start_again(file_, mrt::Compression::bzip2, given_);
      }
    }
    return instead_->next();
  }

 private:
  struct Task {
    std::uint32_t checksum = 0;
    bool trailer = false;
    std::future<Result<Octets>> plain;
  };

  // The first task's bytes; none of a trailer. Nothing when the file has to be read in order.
  std::optional<Octets> take() {
    if (tasks_.empty()) return std::nullopt;
    Task task = std::move(tasks_.front());
    tasks_.pop_front();
    if (task.trailer) {
      if (std::exchange(combined_, 0) != task.checksum) return std::nullopt;
      return Octets();
    }
    combined_ = (combined_ << 1 | combined_ >> 31) ^ task.checksum;
    auto plain = task.plain.get();
    if (!plain) return std::nullopt;
    return std::move(*plain);
  }

  // False at the end of the file.
  bool fill() {
    if (ended_) return false;
    const auto more = read_piece(file_, packed_);
    ended_ = !more || !*more;
    return !ended_;
  }
  bool need(std::size_t bytes) {
    while (packed_.size() < bytes) {
      if (!fill()) return false;
    }
    return true;
  }
  void forget(std::size_t bytes) {
    packed_.erase(packed_.begin(), packed_.begin() + static_cast<std::ptrdiff_t>(bytes));
  }

  // Makes a task of the next block or trailer; false when this is no bzip2 file as it should be.
  bool split() {
    if (level_ == 0) return begin_stream();
    std::uint64_t scanned = begin_ + 48;
    while (true) {
      const auto mark = mrt::find_bzip2_mark(packed_, scanned);
      if (mark) return end_block(*mark);
      if (packed_.size() > block_bytes_max) return false;
      scanned = std::max<std::uint64_t>(begin_ + 48,
                                        packed_.size() * 8 - std::min<std::uint64_t>(packed_.size() * 8, 56));
      if (!fill()) return false;
    }
  }

  bool begin_stream() {
    if (!need(14)) {
      whole_ = packed_.empty();
      return whole_;
    }
    if (std::memcmp(packed_.data(), "BZh", 3) != 0 || packed_[3] < '1' || packed_[3] > '9') return false;
    const auto mark = mrt::find_bzip2_mark(std::span(packed_).first(10), 32);
    if (!mark || mark->bit != 32) return false;
    level_ = static_cast<char>(packed_[3]);
    begin_ = 32;
    return mark->trailer ? end_stream(32) : true;
  }

  bool end_block(const mrt::Bzip2Mark& mark) {
    Task task;
    task.checksum = mrt::bits_at(packed_, begin_ + 48, 32);
    task.plain = std::async(std::launch::async,
                            [stream = mrt::bzip2_block_as_stream(packed_, begin_, mark.bit, level_)] {
                              return mrt::unpack_bzip2_block(stream);
                            });
    tasks_.push_back(std::move(task));
    if (mark.trailer) return end_stream(mark.bit);
    begin_ = mark.bit % 8;
    forget(mark.bit / 8);
    return true;
  }

  bool end_stream(std::uint64_t trailer) {
    const std::size_t end = (trailer + 48 + 32 + 7) / 8;
    if (!need(end)) return false;
    tasks_.push_back({mrt::bits_at(packed_, trailer + 48, 32), true, {}});
    forget(end);
    level_ = 0;
    return true;
  }

  const int file_;
  Octets packed_;  // from the byte in which the current block begins
  std::uint64_t begin_ = 0;
  char level_ = 0;  // 0: a stream's header is next
  bool ended_ = false, whole_ = false, failed_ = false;
  std::uint32_t combined_ = 0;
  std::uint64_t given_ = 0;
  std::unique_ptr<Unpacker> instead_;
  std::deque<Task> tasks_;
};

}  // namespace

std::unique_ptr<Unpacker> make_unpacker(int file, mrt::Compression compression) {
  ::lseek(file, 0, SEEK_SET);
  struct stat about{};
  const bool known = ::fstat(file, &about) == 0;
  if (compression == mrt::Compression::bzip2) return std::make_unique<Bzip2Blocks>(file);
  if (compression == mrt::Compression::gzip && known &&
      static_cast<std::uint64_t>(about.st_size) <= packed_max) {
    return std::make_unique<GzipMembers>(file, static_cast<std::size_t>(about.st_size));
  }
  return std::make_unique<Streamed>(file, compression, 0);
}

}  // namespace peering::feeds
