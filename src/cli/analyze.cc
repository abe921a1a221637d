#include "cli/analyze.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>

#include <unistd.h>

#include "cli/analyze_input.h"
#include "cli/analyze_watch.h"
#include "feeds/frame_file.h"
#include "wire/bmp/message.h"

namespace peering::cli {

namespace {

constexpr int exit_ran = 0, exit_failed = 1, exit_usage = 2;

// A copy of a stream on disk, for readers that want a file; gone with the object.
class Spooled {
 public:
  explicit Spooled(std::istream& in) {
    std::string name = (std::filesystem::temp_directory_path() / "peeringctl-XXXXXX").string();
    const int file = mkstemp(name.data());
    if (file < 0) return;
    close(file);
    path_ = name;
    std::ofstream(path_, std::ios::binary) << in.rdbuf();
  }
  ~Spooled() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove(path_, ignored);
  }
  Spooled(const Spooled&) = delete;
  Spooled& operator=(const Spooled&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// The first bytes, which stay in the stream.
std::string start_of(std::istream& in, bool seekable) {
  std::string out;
  if (!seekable) {
    const int first = in.peek();
    if (first != std::char_traits<char>::eof()) out.push_back(static_cast<char>(first));
    in.clear();
    return out;
  }
  out.resize(64);
  in.read(out.data(), static_cast<std::streamsize>(out.size()));
  out.resize(static_cast<std::size_t>(in.gcount()));
  in.clear();
  in.seekg(0);
  return out;
}

std::optional<InputFormat> named_format(std::string_view name) {
  if (name == "ris") return InputFormat::ris;
  if (name == "mrt") return InputFormat::mrt;
  if (name == "bmp") return InputFormat::bmp;
  return std::nullopt;
}

// A compressed file is MRT or BMP; what it is inside says which.
InputFormat format_of(std::istream& file, const std::string& path) {
  const InputFormat raw = detect_format(start_of(file, true));
  if (raw != InputFormat::mrt) return raw;
  const auto first_bytes = [](std::span<const std::uint8_t> bytes) -> Result<std::size_t> {
    constexpr std::size_t wanted = wire::bmp::common_header_bytes;
    return bytes.size() < wanted ? 0 : wanted;
  };
  auto plain = feeds::FrameFile::open(path, first_bytes);
  const auto start = plain ? plain->next() : tl::unexpected(plain.error());
  if (!start) return InputFormat::mrt;
  const std::string_view text(reinterpret_cast<const char*>(start->data()), start->size());
  return detect_format(text) == InputFormat::bmp ? InputFormat::bmp : InputFormat::mrt;
}

bool read_file_input(const std::string& name, const std::string& path, const AnalyzeOptions& options,
                     AnalyzeEngine& engine, InputCount& count, std::ostream& err) {
  Complaints complaints(name, err);
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    err << name << ": cannot be opened\n";
    return false;
  }
  switch (named_format(options.format).value_or(format_of(file, path))) {
    case InputFormat::ris:
      read_ris(file, engine, count, complaints);
      break;
    case InputFormat::bmp:
      read_bmp(path, engine, count, complaints);
      break;
    case InputFormat::mrt:
      read_mrt(path, engine, count, complaints);
      break;
  }
  return true;
}

bool read_input(const std::string& name, std::istream& in, const AnalyzeOptions& options,
                AnalyzeEngine& engine, InputCount& count, std::ostream& err) {
  if (name != "-") return read_file_input(name, name, options, engine, count, err);
  // Text is judged as it comes; binary input is read whole first.
  const auto named = named_format(options.format);
  if (named == InputFormat::ris || (!named && detect_format(start_of(in, false)) == InputFormat::ris)) {
    Complaints complaints("stdin", err);
    read_ris(in, engine, count, complaints);
    return true;
  }
  const Spooled spooled(in);
  return read_file_input("stdin", spooled.path(), options, engine, count, err);
}

}  // namespace

InputFormat detect_format(std::string_view start) {
  const auto first = start.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos || start[first] == '{') return InputFormat::ris;
  const auto byte = [&](std::size_t at) { return static_cast<std::uint8_t>(start[at]); };
  // RFC 7854 section 4.1: version 3, a length of four bytes, a type up to 6. As MRT it would be of 1971.
  const bool bmp = start.size() >= wire::bmp::common_header_bytes && byte(0) == wire::bmp::version &&
                   byte(1) == 0 && byte(5) <= 6;
  return bmp ? InputFormat::bmp : InputFormat::mrt;
}

void Complaints::say(std::string_view where, std::size_t number, std::string_view what) {
  if (++told_ <= told_max) err_ << fmt::format("{}: {} {}: {}\n", source_, where, number, what);
  if (told_ == told_max) err_ << source_ << ": further problems are only counted\n";
}

int run_analyze(const AnalyzeOptions& options, std::istream& in, std::ostream& out, std::ostream& err) {
  if (options.format != "auto" && !named_format(options.format)) {
    err << invalid("--format", options.format, "auto, ris, mrt or bmp").message << '\n';
    return exit_usage;
  }
  auto watch = read_watch({.name = options.watch_file,
                           .as_relationships = options.as_relationships,
                           .vrps = options.vrps,
                           .irr = options.irr},
                          err);
  if (!watch) {
    err << watch.error().message << '\n';
    return exit_usage;
  }
  AnalyzeEngine engine(std::move(*watch), out);
  InputCount count;
  bool all_read = true;
  for (const std::string& name : options.inputs) {
    all_read = read_input(name, in, options, engine, count, err) && all_read;
  }
  out.flush();
  err << fmt::format("{} records, {} malformed\n", count.records, count.malformed);
  return all_read && out.good() ? exit_ran : exit_failed;
}

}  // namespace peering::cli
