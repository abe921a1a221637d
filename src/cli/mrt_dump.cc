#include "cli/mrt_dump.h"

#include <ostream>

#include "feeds/mrt_file.h"
#include "wire/mrt/text.h"

namespace peering::cli {

namespace {

constexpr std::size_t flush_bytes = 1024 * 1024;
constexpr std::uint64_t complaints_max = 20;
constexpr int exit_failed = 1;
constexpr int exit_not_found = 3;

void flush(wire::mrt::TextBuffer& text, std::ostream& out) {
  out.write(text.view().data(), static_cast<std::streamsize>(text.size()));
  text.clear();
}

}  // namespace

int run_mrt_dump(const std::string& file, bool one_line, std::ostream& out, std::ostream& err) {
  auto input = feeds::MrtFile::open(file);
  if (!input) {
    err << "mrt dump: " << input.error().message << "\n";
    return input.error().code == ErrorCode::not_found ? exit_not_found : exit_failed;
  }
  wire::mrt::TextWriter writer(one_line ? wire::mrt::TextStyle::bgpdump : wire::mrt::TextStyle::readable);
  wire::mrt::TextBuffer text;
  std::uint64_t damaged = 0;
  wire::mrt::Record record;
  Result<bool> more = input->next(record);
  for (; more && *more && out; more = input->next(record)) {
    if (const auto done = writer.append(record, text); !done && ++damaged <= complaints_max) {
      err << "mrt dump: record " << input->records() << ": " << done.error().message << "\n";
    }
    if (text.size() > flush_bytes) flush(text, out);
  }
  flush(text, out);
  out.flush();
  if (!more) err << "mrt dump: after record " << input->records() << ": " << more.error().message << "\n";
  if (damaged > 0) err << "mrt dump: " << damaged << " damaged records skipped\n";
  if (writer.left_out() > 0) {
    err << "mrt dump: " << writer.left_out() << " records of other types left out\n";
  }
  if (!out) err << "mrt dump: the output cannot be written\n";
  return more && out ? 0 : exit_failed;
}

}  // namespace peering::cli
