#include "cli/mrt_dump.h"

#include <algorithm>
#include <ostream>

#include "cli/mrt_json.h"
#include "feeds/mrt_file.h"
#include "wire/mrt/text.h"

namespace peering::cli {

namespace {

namespace mrt = wire::mrt;

constexpr std::size_t flush_bytes = 1024 * 1024;
constexpr std::uint64_t complaints_max = 20;
constexpr int exit_failed = 1;
constexpr int exit_not_found = 3;

mrt::TextStyle style_of(MrtDumpForm form) {
  if (form == MrtDumpForm::one_line) return mrt::TextStyle::bgpdump;
  return form == MrtDumpForm::brief ? mrt::TextStyle::bgpdump_brief : mrt::TextStyle::readable;
}

class Dump {
 public:
  Dump(MrtDumpForm form, std::string name, std::ostream& out, std::ostream& err)
      : form_(form), name_(std::move(name)), out_(out), err_(err), lines_(style_of(form)) {}

  int run() {
    auto input = feeds::MrtFile::open(name_);
    if (!input) {
      say("{}", input.error().message);
      return input.error().code == ErrorCode::not_found ? exit_not_found : exit_failed;
    }
    mrt::Record record;
    Result<bool> more = input->next(record);
    for (; more && *more && out_; more = input->next(record)) {
      if (const auto& gap = input->gap()) skipped(*gap);
      take(record, *input);
      if (text_.size() > flush_bytes) flush();
    }
    flush();
    out_.flush();
    if (!more) say("after record {}: {}", input->records(), more.error().message);
    if (damaged_ > 0) say("{} records with damage", damaged_);
    if (lines_.left_out() > 0) say("{} records of other types left out", lines_.left_out());
    if (!out_) say("the output cannot be written");
    return more && out_ ? 0 : exit_failed;
  }

 private:
  template <class... Words>
  void say(fmt::format_string<Words...> format, Words&&... words) {
    err_ << "mrt dump: " << name_ << ": " << fmt::format(format, std::forward<Words>(words)...) << "\n";
  }
  void skipped(const feeds::FrameFile::Gap& gap) {
    say("offset {}: {} bytes skipped: {}", gap.offset, gap.bytes, gap.reason);
  }
  void take(const mrt::Record& record, const feeds::MrtFile& input) {
    const auto done = form_ == MrtDumpForm::json ? json_.append(record, input.offset(), text_)
                                                 : lines_.append(record, text_);
    if (done || ++damaged_ > complaints_max) return;
    say("offset {}, record {}: {}", input.offset(), input.records(), done.error().message);
  }
  void flush() {
    out_.write(text_.view().data(), static_cast<std::streamsize>(text_.size()));
    text_.clear();
  }

  const MrtDumpForm form_;
  const std::string name_;
  std::ostream& out_;
  std::ostream& err_;
  mrt::TextWriter lines_;
  MrtJson json_;
  mrt::TextBuffer text_;
  std::uint64_t damaged_ = 0;
};

}  // namespace

int run_mrt_dump(const MrtDumpOptions& options, std::ostream& out, std::ostream& err) {
  int code = 0;
  for (const std::string& file : options.files) {
    code = std::max(code, Dump(options.form, file, out, err).run());
    if (!out) break;
  }
  return code;
}

}  // namespace peering::cli
