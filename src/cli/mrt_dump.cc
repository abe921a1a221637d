#include "cli/mrt_dump.h"

#include <ostream>

#include "feeds/mrt_file.h"
#include "wire/mrt/text.h"

namespace peering::cli {

namespace {

constexpr std::size_t flush_bytes = 1024 * 1024;
constexpr int exit_failed = 1;
constexpr int exit_not_found = 3;

// "BGP4MP|1027377515|A|…" with the second field for people.
std::string with_readable_time(const std::string& lines, TimePoint time) {
  std::string out;
  for (std::size_t at = 0; at < lines.size();) {
    const std::size_t end = lines.find('\n', at) + 1;
    const std::size_t first = lines.find('|', at), second = lines.find('|', first + 1);
    out += lines.substr(at, first + 1 - at) + format_rfc3339(time) + lines.substr(second, end - second);
    at = end;
  }
  return out;
}

}  // namespace

int run_mrt_dump(const std::string& file, bool one_line, std::ostream& out, std::ostream& err) {
  auto input = feeds::MrtFile::open(file);
  if (!input) {
    err << "mrt dump: " << input.error().message << "\n";
    return input.error().code == ErrorCode::not_found ? exit_not_found : exit_failed;
  }
  std::uint64_t damaged = 0;
  std::string text;
  wire::mrt::Record record;
  Result<bool> more = input->next(record);
  for (; more && *more; more = input->next(record)) {
    std::string lines;
    const auto done = wire::mrt::append_text(record, one_line ? text : lines);
    if (!done) {
      ++damaged;
      err << "mrt dump: record " << input->records() << ": " << done.error().message << "\n";
    }
    if (!one_line) text += with_readable_time(lines, record.time());
    if (text.size() > flush_bytes) {
      out.write(text.data(), static_cast<std::streamsize>(text.size()));
      text.clear();
    }
  }
  out.write(text.data(), static_cast<std::streamsize>(text.size()));
  out.flush();
  if (!more) err << "mrt dump: after record " << input->records() << ": " << more.error().message << "\n";
  if (damaged > 0) err << "mrt dump: " << damaged << " damaged records skipped\n";
  return more ? 0 : exit_failed;
}

}  // namespace peering::cli
