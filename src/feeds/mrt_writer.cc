#include "feeds/mrt_writer.h"

#include <cerrno>
#include <cstring>
#include <ctime>
#include <optional>

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include "base/log.h"

namespace peering::feeds {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view prefix = "updates.", compressed = ".gz";
constexpr int names_max = 1000;  // for one stretch of time
constexpr unsigned buffer_bytes = 256 * 1024;

// "updates.20231114.2215"
std::string stem_of(std::int64_t seconds) {
  const std::time_t time = seconds;
  std::tm parts{};
  ::gmtime_r(&time, &parts);
  char text[32];
  return std::string(prefix) + std::string(text, std::strftime(text, sizeof text, "%Y%m%d.%H%M", &parts));
}

// The begin of the stretch that a file's name says; nothing for other files.
std::optional<std::int64_t> seconds_of(const std::string& name) {
  if (!name.starts_with(prefix)) return std::nullopt;
  std::tm parts{};
  const char* end = ::strptime(name.c_str() + prefix.size(), "%Y%m%d.%H%M", &parts);
  if (!end || (*end != '\0' && *end != '.')) return std::nullopt;
  return ::timegm(&parts);
}

}  // namespace

struct MrtWriter::File {
  std::int64_t stretch = 0;
  fs::path partial, whole;
  int descriptor = -1;  // for fsync, after `stream` is closed
  gzFile stream = nullptr;

  Result<void> refused(std::string_view action) const {
    return fail(ErrorCode::io, "{} cannot be {}: {}", partial.string(), action, std::strerror(errno));
  }
};

MrtWriter::MrtWriter(MrtWriterSettings settings) : settings_(std::move(settings)) {}

MrtWriter::~MrtWriter() {
  if (const auto done = finish(); !done) log::error("MRT file: {}", done.error().message);
}

// A stretch that was written before, e.g. until a restart, gets another file.
fs::path MrtWriter::name_of(std::int64_t stretch) const {
  const std::string stem = stem_of(stretch), suffix(settings_.compress ? compressed : "");
  fs::path out = settings_.folder / (stem + suffix);
  std::error_code failure;
  for (int i = 1; i < names_max && fs::exists(out, failure); ++i) {
    out = settings_.folder / fmt::format("{}.{}{}", stem, i, suffix);
  }
  return out;
}

Result<void> MrtWriter::begin(std::int64_t stretch) {
  std::error_code failure;
  fs::create_directories(settings_.folder, failure);
  auto file = std::make_unique<File>();
  file->stretch = stretch;
  file->whole = name_of(stretch);
  file->partial = settings_.folder / ("." + file->whole.filename().string() + ".partial");
  file->descriptor = ::open(file->partial.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
  if (file->descriptor < 0) return file->refused("created");
  const int copy = ::fcntl(file->descriptor, F_DUPFD_CLOEXEC, 0);
  file->stream = copy < 0 ? nullptr : ::gzdopen(copy, settings_.compress ? "wb6" : "wbT");
  if (!file->stream) {
    if (copy >= 0) ::close(copy);
    ::close(file->descriptor);
    return file->refused("written");
  }
  ::gzbuffer(file->stream, buffer_bytes);
  file_ = std::move(file);
  return {};
}

void MrtWriter::drop() {
  if (file_->stream) ::gzclose(file_->stream);
  ::close(file_->descriptor);
  std::error_code failure;
  fs::remove(file_->partial, failure);
  file_.reset();
}

Result<void> MrtWriter::append(TimePoint at, std::span<const std::uint8_t> records) {
  if (auto done = tick(at); !done) return done;
  if (!file_) {
    const std::int64_t every = settings_.every.count(), seconds = to_us(at) / 1'000'000;
    if (auto done = begin(seconds / every * every); !done) return done;
  }
  if (records.empty()) return {};
  errno = 0;
  if (::gzwrite(file_->stream, records.data(), static_cast<unsigned>(records.size())) > 0) return {};
  const auto refused = file_->refused("written");
  drop();
  return refused;
}

Result<void> MrtWriter::tick(TimePoint at) {
  if (!file_ || to_us(at) / 1'000'000 < file_->stretch + settings_.every.count()) return {};
  return finish();
}

Result<void> MrtWriter::finish() {
  if (!file_) return {};
  errno = 0;
  const bool closed = ::gzclose(std::exchange(file_->stream, nullptr)) == Z_OK;
  if (!closed || ::fsync(file_->descriptor) != 0 ||
      ::rename(file_->partial.c_str(), file_->whole.c_str()) != 0) {
    const auto refused = file_->refused("completed");
    drop();
    return refused;
  }
  ::close(file_->descriptor);
  const std::int64_t stretch = file_->stretch;
  file_.reset();
  ++files_;
  delete_old(stretch);
  return {};
}

void MrtWriter::delete_old(std::int64_t stretch) {
  if (settings_.keep.count() == 0) return;
  std::error_code failure;
  for (fs::directory_iterator at(settings_.folder, failure), end; !failure && at != end;
       at.increment(failure)) {
    const auto begun = seconds_of(at->path().filename().string());
    if (!begun || *begun + settings_.every.count() > stretch - settings_.keep.count()) continue;
    std::error_code ignored;
    fs::remove(at->path(), ignored);
  }
}

}  // namespace peering::feeds
