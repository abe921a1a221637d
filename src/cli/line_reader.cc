#include "cli/line_reader.h"

#include <algorithm>

namespace peering::cli {

namespace {

constexpr std::streamsize block_max = 256 * 1024;

std::string_view without_return(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

}  // namespace

// Takes what is ready, at least one byte. False at the end.
bool LineReader::fill() {
  using Traits = std::char_traits<char>;
  std::streambuf& buffer = *in_.rdbuf();
  at_ = 0;
  block_.clear();
  if (Traits::eq_int_type(buffer.sgetc(), Traits::eof())) return false;
  const std::streamsize ready = std::clamp<std::streamsize>(buffer.in_avail(), 1, block_max);
  block_.resize(static_cast<std::size_t>(ready));
  block_.resize(static_cast<std::size_t>(buffer.sgetn(block_.data(), ready)));
  return !block_.empty();
}

bool LineReader::next(std::string_view& line) {
  carried_.clear();
  too_long_ = false;
  bool any = false;
  while (at_ < block_.size() || fill()) {
    any = true;
    const std::string_view rest = std::string_view(block_).substr(at_);
    const std::size_t end = rest.find('\n');
    const std::string_view part = rest.substr(0, end);
    at_ += part.size() + (end == std::string_view::npos ? 0 : 1);
    if (end != std::string_view::npos && carried_.empty() && part.size() <= bytes_max_) {
      line = without_return(part);
      return true;
    }
    const std::size_t room = bytes_max_ - carried_.size();
    too_long_ = too_long_ || part.size() > room;
    carried_.append(part.substr(0, room));
    if (end != std::string_view::npos) break;
  }
  line = without_return(carried_);
  return any;
}

}  // namespace peering::cli
