#include "feeds/unpacker.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <future>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include <libdeflate.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wire/mrt/bzip2_blocks.h"

namespace peering::feeds {

namespace {

namespace mrt = wire::mrt;

using Octets = std::vector<std::uint8_t>;
using Bytes = std::span<const std::uint8_t>;

constexpr std::size_t read_bytes = 1024 * 1024, piece_bytes = 1024 * 1024;
constexpr std::size_t packed_max = 64 * 1024 * 1024, unpacked_max = 192 * 1024 * 1024;  // libdeflate's
constexpr std::size_t block_bytes_max = 2 * 1024 * 1024;  // bzip2's are below 1 MiB
constexpr std::size_t blocks_ahead_max = 4, huge_page_bytes = 2 * 1024 * 1024;

// A block takes some 4 MB of memory in no order: more of them than cores drive each other out of the caches.
std::size_t blocks_ahead() {
  return std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, blocks_ahead_max);
}

// Large memory that nobody fills first, on huge pages where the kernel gives them.
class Memory {
 public:
  Memory() = default;
  explicit Memory(std::size_t bytes) : size_(bytes) {
    const std::size_t whole = (bytes / huge_page_bytes + 1) * huge_page_bytes;
    data_.reset(static_cast<std::uint8_t*>(std::aligned_alloc(huge_page_bytes, whole)));
    if (!data_) size_ = 0;
    if (data_) ::madvise(data_.get(), whole, MADV_HUGEPAGE);
  }
  std::uint8_t* data() const { return data_.get(); }
  /// 0 when there was no memory.
  std::size_t size() const { return size_; }
  /// Keeps the first `bytes`.
  void shorten(std::size_t bytes) { size_ = bytes; }

 private:
  struct Free {
    void operator()(std::uint8_t* data) const { std::free(data); }
  };
  std::unique_ptr<std::uint8_t, Free> data_;
  std::size_t size_ = 0;
};

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

  Result<Bytes> next() override {
    if (!ahead_.valid()) ahead_ = begin();
    Result<Octets> out = ahead_.get();
    if (!out) return tl::unexpected(out.error());
    shown_ = std::move(*out);
    if (!shown_.empty()) ahead_ = begin();
    return Bytes(shown_);
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
  Octets shown_, input_;
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

  Result<Bytes> next() override {
    if (!instead_) {
      if (!ahead_.valid()) ahead_ = begin();
      if (auto members = ahead_.get()) {
        shown_ = std::move(*members);
        given_ += shown_.size();
        if (shown_.size() > 0) ahead_ = begin();
        return Bytes(shown_.data(), shown_.size());
      }
      shown_ = Memory();
      packed_ = Memory();
      instead_ = start_again(file_, mrt::Compression::gzip, given_);
    }
    return instead_->next();
  }

 private:
  using Members = std::optional<Memory>;
  using Library = std::unique_ptr<libdeflate_decompressor, decltype(&libdeflate_free_decompressor)>;

  std::future<Members> begin() {
    return std::async(std::launch::async, [this] { return members(); });
  }

  bool read_all() {
    packed_ = Memory(bytes_);
    std::size_t filled = 0;
    while (filled < packed_.size()) {
      const ssize_t count = ::read(file_, packed_.data() + filled, packed_.size() - filled);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return false;
      if (count == 0) break;
      filled += static_cast<std::size_t>(count);
    }
    packed_.shorten(filled);
    return filled > 0;
  }

  // As many members as fit; none of them at the end. Nothing when the next is damaged, or larger than is
  // kept.
  Members members() {
    if (packed_.size() == 0 && !read_all()) return std::nullopt;
    if (at_ == packed_.size()) return Memory();
    Memory out(capacity());
    std::size_t filled = 0;
    while (at_ < packed_.size() && out.size() > 0) {
      std::size_t used = 0, made = 0;
      const auto status =
          libdeflate_gzip_decompress_ex(library_.get(), packed_.data() + at_, packed_.size() - at_,
                                        out.data() + filled, out.size() - filled, &used, &made);
      if (status == LIBDEFLATE_SUCCESS) {
        at_ += used;
        filled += made;
      } else if (filled > 0) {
        break;  // the next call's
      } else if (status == LIBDEFLATE_INSUFFICIENT_SPACE && out.size() < unpacked_max) {
        out = Memory(std::min(out.size() * 2, unpacked_max));
      } else {
        return std::nullopt;
      }
    }
    if (out.size() == 0) return std::nullopt;
    out.shorten(filled);
    return out;
  }

  // The file's last four bytes say how much its last member makes.
  std::size_t capacity() const {
    std::uint32_t size = 0;
    if (packed_.size() >= sizeof size)
      std::memcpy(&size, packed_.data() + packed_.size() - sizeof size, sizeof size);
    return std::clamp<std::size_t>(size, piece_bytes, unpacked_max);
  }

  const int file_;
  const std::size_t bytes_;
  Library library_{libdeflate_alloc_decompressor(), &libdeflate_free_decompressor};
  Memory packed_, shown_;
  std::size_t at_ = 0;
  std::uint64_t given_ = 0;
  std::unique_ptr<Unpacker> instead_;
  std::future<Members> ahead_;  // last: its task uses the others
};

// Blocks by several threads, given in order, checksums compared. Where anything does not fit, the library
// reads the file in order.
class Bzip2Blocks final : public Unpacker {
 public:
  explicit Bzip2Blocks(int file) : file_(file) {}

  Result<Bytes> next() override {
    while (!instead_) {
      begin_tasks();
      if (tasks_.empty() && !failed_) return Bytes();
      if (auto plain = take(); plain && !plain->empty()) {
        begin_tasks();  // before the reader goes to work
        given_ += plain->size();
        shown_ = std::move(*plain);
        return Bytes(shown_);
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

  void begin_tasks() {
    while (!whole_ && !failed_ && tasks_.size() < tasks_max_) failed_ = !split();
  }

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
  const std::size_t tasks_max_ = blocks_ahead();
  Octets shown_;
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
