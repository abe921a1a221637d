// A log file that grows, is rotated away and begins anew, as whole lines, each once.
//
// Rotation by rename: the file is known by its inode and read to its end, then come those that were rotated
// away later, then the one at the path. Rotation by copying and truncating: a file that no longer has what
// stood before the position is read from its beginning. What is written between the copy and the truncation
// is lost to everybody.
//
// Reading does not move the position: whoever has made the lines durable does. Positions belong to a
// `generation` of the content, so that "from this offset of this generation" is never said of other lines.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace peering::feeds {

/// Where reading goes on; what must outlive a restart.
struct FilePosition {
  std::string generation;   ///< a UUID, drawn anew for each content
  std::uint64_t inode = 0;  ///< of the file
  std::uint64_t offset = 0;
  /// Of up to 256 bytes before the offset; so short that nobody can guess them from it.
  std::uint16_t check = 0;
  friend bool operator==(const FilePosition&, const FilePosition&) = default;
};

/// Whole lines from the position on.
struct FileChunk {
  std::string text;                  ///< with their line ends; the last of a finished file may lack one
  std::uint64_t end = 0;             ///< the offset after them
  std::uint16_t check = 0;           ///< of a position there
  std::uint64_t lines_too_long = 0;  ///< longer than a chunk; not in `text`
  friend bool operator==(const FileChunk&, const FileChunk&) = default;
};

struct FollowedFileSettings {
  std::string path;
  bool from_beginning = true;  ///< of a file that is there when nothing is remembered
  std::size_t chunk_bytes_max = 1024UL * 1024;
  /// A file that was renamed is over when so long nothing was written to it: programs go on writing until
  /// they are told to reopen.
  std::chrono::milliseconds renamed_quiet{5000};
};

/// Not thread-safe.
class FollowedFile {
 public:
  using Clock = std::chrono::steady_clock;

  /// Opens nothing yet. `remembered`: where an earlier process stood.
  FollowedFile(FollowedFileSettings settings, std::optional<FilePosition> remembered);
  ~FollowedFile();
  FollowedFile(const FollowedFile&) = delete;
  FollowedFile& operator=(const FollowedFile&) = delete;

  /// The lines after the position; nothing: there are none now. The same again until `advance` is called,
  /// maybe with more of them. A file that is missing is no error. `io`: it cannot be read.
  Result<std::optional<FileChunk>> next(Clock::time_point at);
  /// Where the lines of `next` begin; nothing: no file was found yet.
  const std::optional<FilePosition>& position() const { return position_; }
  /// Goes on at `end` of this generation. False: the content is another one, which will be read from its
  /// beginning under a new generation.
  Result<bool> advance(std::uint64_t end, std::uint16_t check);

  /// So often another file was found at the path.
  std::uint64_t renamed() const { return renamed_; }
  /// So often the content was another one.
  std::uint64_t truncated() const { return truncated_; }
  /// So often the file of the remembered position was found nowhere.
  std::uint64_t lost() const { return lost_; }

 private:
  // Closes itself.
  class Descriptor {
   public:
    explicit Descriptor(int value = -1) : value_(value) {}
    Descriptor(Descriptor&& other) noexcept : value_(std::exchange(other.value_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
      std::swap(value_, other.value_);
      return *this;
    }
    ~Descriptor();
    int get() const { return value_; }

   private:
    int value_;
  };
  struct OpenFile {
    Descriptor file;
    std::uint64_t inode = 0;
  };

  static Result<std::optional<OpenFile>> open(const std::string& path);
  Result<bool> find_file();
  Result<bool> find_remembered();
  Result<bool> resume(const std::string& path);
  Result<void> begin_anew(OpenFile file, bool at_end);
  void begin_generation();
  Result<std::optional<FileChunk>> read_lines();
  Result<std::optional<FileChunk>> pass_long_line(std::uint64_t from);
  Result<FileChunk> chunk(std::string text, std::uint64_t end, std::uint64_t too_long) const;
  Result<std::optional<FileChunk>> leave(Clock::time_point at);
  Result<std::optional<OpenFile>> next_file() const;
  Result<std::string> read(std::uint64_t offset, std::size_t bytes) const;
  Result<std::string> read_before(std::uint64_t offset) const;

  const FollowedFileSettings settings_;
  std::optional<FilePosition> position_;
  std::optional<OpenFile> file_;
  bool looked_at_path_ = false;
  std::string before_;          // the bytes that the position's check is of
  std::uint64_t searched_ = 0;  // up to where the end of a line that is too long was looked for
  std::uint64_t size_ = 0;      // when it was last looked at for quiet
  std::optional<Clock::time_point> quiet_since_;  // of a file that is no longer at the path
  std::uint64_t renamed_ = 0, truncated_ = 0, lost_ = 0;
};

}  // namespace peering::feeds
