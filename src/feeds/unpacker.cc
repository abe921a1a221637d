#include "feeds/unpacker.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <future>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include <libdeflate.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "runtime/worker_pool.h"
#include "wire/mrt/bzip2_blocks.h"

namespace peering::feeds {

namespace {

namespace mrt = wire::mrt;

using Octets = std::vector<std::uint8_t>;
using Bytes = std::span<const std::uint8_t>;

constexpr std::size_t read_bytes = 1024 * 1024, piece_bytes = 1024 * 1024;
constexpr std::size_t packed_max = 64 * 1024 * 1024, unpacked_max = 192 * 1024 * 1024;  // libdeflate's
constexpr std::size_t huge_page_bytes = 2 * 1024 * 1024;

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

// Replaces `out` by what there is, at most `read_bytes`; false at the end.
Result<bool> read_piece(int file, Octets& out) {
  out.resize(read_bytes);
  ssize_t count = -1;
  do {
    count = ::read(file, out.data(), read_bytes);
  } while (count < 0 && errno == EINTR);
  out.resize(static_cast<std::size_t>(count < 0 ? 0 : count));
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

// Gives what the classes that do not read in order cannot: everything after the first `given` bytes.
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

// Unpacks blocks on threads of its own, some ahead, and gives them in their order.
class BlockQueue {
 public:
  ~BlockQueue() { stopped_ = true; }

  bool full() const { return jobs_.size() == ahead_max; }
  bool empty() const { return jobs_.empty(); }

  /// Not when `full`.
  void push(mrt::Bzip2Block block) {
    auto job = std::make_shared<Job>();
    job->block = std::move(block);
    if (!spare_.empty()) job->plain = std::move(spare_.back());
    if (!spare_.empty()) spare_.pop_back();
    jobs_.push_back(job);
    threads_.submit([this, job] { run(*job); });
  }

  /// The first block, when it is done; nothing when it is damaged.
  std::optional<Octets> pop() {
    const std::shared_ptr<Job> job = std::move(jobs_.front());
    jobs_.pop_front();
    job->done.get_future().wait();
    if (!job->good) return std::nullopt;
    return std::move(job->plain);
  }

  /// Memory to use again.
  void give_back(Octets plain) {
    if (plain.capacity() > 0 && plain.capacity() <= spare_bytes_max) spare_.push_back(std::move(plain));
  }

 private:
  // While some threads work, the one that is first in order may be late: the others have more to do.
  static constexpr std::size_t threads_max = 4, ahead_max = 2 * threads_max;
  static constexpr std::size_t spare_bytes_max = 4 * 1024 * 1024;

  struct Job {
    mrt::Bzip2Block block;
    Octets plain;
    bool good = false;
    std::promise<void> done;
  };
  using Reader = std::unique_ptr<mrt::Bzip2BlockReader>;

  // Whatever happens, who waits is told: memory may be short.
  void run(Job& job) {
    try {
      if (!stopped_) unpack(job);
    } catch (const std::exception& failure) {
      log::error("a bzip2 block cannot be unpacked: {}", failure.what());
      job.good = false;
    }
    job.done.set_value();
  }

  void unpack(Job& job) {
    Reader reader = take_reader();
    job.good = reader->unpack(job.block, job.plain).has_value();
    const std::lock_guard lock(readers_mutex_);
    readers_.push_back(std::move(reader));
  }

  // The one that was used last: its memory is in a cache.
  Reader take_reader() {
    const std::lock_guard lock(readers_mutex_);
    if (readers_.empty()) return std::make_unique<mrt::Bzip2BlockReader>();
    Reader out = std::move(readers_.back());
    readers_.pop_back();
    return out;
  }

  // A block takes some 4 MB of memory in no order: more at a time than cores drive each other out of caches.
  static std::size_t thread_count() {
    return std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, threads_max);
  }

  std::deque<std::shared_ptr<Job>> jobs_;
  std::vector<Octets> spare_;
  std::mutex readers_mutex_;
  std::vector<Reader> readers_;
  std::atomic<bool> stopped_ = false;
  runtime::WorkerPool threads_{thread_count(), ahead_max};  // last: its jobs use the others
};

// Blocks by several threads, checksums compared. Where anything does not fit, the library reads the file in
// order.
class Bzip2Blocks final : public Unpacker {
 public:
  explicit Bzip2Blocks(int file) : file_(file) {}

  Result<Bytes> next() override {
    if (!instead_) {
      fill_queue();
      if (take()) {
        given_ += shown_.size();
        fill_queue();  // before the reader goes to work
        return Bytes(shown_);
      }
      if (part_ == Part::end && !damaged_) return Bytes();
      queue_.reset();
      instead_ = start_again(file_, mrt::Compression::bzip2, given_);
    }
    return instead_->next();
  }

 private:
  using Part = mrt::Bzip2Splitter::Part;
  static constexpr std::size_t parts_max = 64;  // a file may have any number of streams without a block

  // What the file has next: a block that is in the queue, or the end of a stream.
  struct Split {
    bool trailer = false;
    std::uint32_t checksum = 0;
  };

  void fill_queue() {
    while (!queue_->full() && parts_.size() < parts_max && part_ != Part::unfit && part_ != Part::end) {
      part_ = splitter_.next();
      if (part_ == Part::more) read_more();
      if (part_ == Part::trailer) parts_.push_back({true, splitter_.checksum});
      if (part_ != Part::block) continue;
      parts_.push_back({false, splitter_.block.checksum});
      queue_->push(std::move(splitter_.block));
    }
  }

  void read_more() {
    const auto more = read_piece(file_, input_);
    if (more && *more) return splitter_.give(input_);
    splitter_.give_end();  // where the file cannot be read, reading in order will say why
  }

  // Shows the next block that is not empty; false at the end and where the file has to be read in order.
  bool take() {
    queue_->give_back(std::move(shown_));
    shown_.clear();
    while (!parts_.empty()) {
      const Split part = parts_.front();
      parts_.pop_front();
      if (part.trailer) {
        damaged_ = std::exchange(combined_, 0) != part.checksum;
      } else {
        combined_ = mrt::combine_bzip2_checksums(combined_, part.checksum);
        auto plain = queue_->pop();
        damaged_ = !plain;
        if (plain) shown_ = std::move(*plain);
        if (!shown_.empty()) return true;
      }
      if (damaged_) return false;
      fill_queue();
    }
    return false;
  }

  const int file_;
  mrt::Bzip2Splitter splitter_;
  Part part_ = Part::more;  // that the splitter found last
  bool damaged_ = false;    // a block or a checksum
  Octets input_, shown_;
  std::deque<Split> parts_;
  std::uint32_t combined_ = 0;
  std::uint64_t given_ = 0;
  std::unique_ptr<Unpacker> instead_;
  std::unique_ptr<BlockQueue> queue_ = std::make_unique<BlockQueue>();
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
