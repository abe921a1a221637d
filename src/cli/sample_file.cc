#include "cli/sample_file.h"

#include <array>

namespace peering::cli {

namespace {

bool take_suffix(std::string_view& name, std::string_view suffix) {
  if (name.size() < suffix.size() || name.substr(name.size() - suffix.size()) != suffix) return false;
  name.remove_suffix(suffix.size());
  return true;
}

// Appends up to `count` bytes; false at the end of the file.
bool append_from(std::istream& in, std::string& out, std::size_t count) {
  const std::size_t before = out.size();
  out.resize(before + count);
  in.read(out.data() + before, static_cast<std::streamsize>(count));
  out.resize(before + static_cast<std::size_t>(in.gcount()));
  return static_cast<std::size_t>(in.gcount()) == count;
}

}  // namespace

SampleForm form_of(std::string_view file_name, std::string_view format) {
  SampleForm out;
  if (take_suffix(file_name, ".gz")) {
    out.content_encoding = "gzip";
  } else if (take_suffix(file_name, ".zst")) {
    out.content_encoding = "zstd";
  }
  if (format == "csv" || (format.empty() && take_suffix(file_name, ".csv"))) {
    out.content_type = "text/csv";
  } else if (format == "binary" || (format.empty() && take_suffix(file_name, ".psm"))) {
    out.content_type = "application/vnd.peering.samples.v1";
  } else {
    out.content_type = "application/x-ndjson";
  }
  return out;
}

Outcome<std::optional<std::string>> SampleFile::whole() {
  if (ended_) return std::nullopt;
  ended_ = true;
  std::string body;
  if (append_from(in_, body, body_bytes_max + 1)) {
    return failed("a compressed or binary file of more than {} bytes cannot be sent in one request",
                  body_bytes_max);
  }
  if (body.empty()) return std::nullopt;
  return std::optional<std::string>(std::move(body));
}

Outcome<std::optional<std::string>> SampleFile::next() {
  if (!form_.can_be_cut()) return whole();
  if (form_.content_type == "text/csv" && !heading_read_) {
    heading_read_ = true;
    std::getline(in_, heading_);
    heading_ += "\n";
  }
  while (!ended_ && waiting_.size() < piece_bytes_) {
    ended_ = !append_from(in_, waiting_, piece_bytes_ - waiting_.size());
  }
  std::size_t end = waiting_.size();
  if (!ended_) {
    const std::size_t last = waiting_.rfind('\n');
    if (last == std::string::npos) return failed("a line of more than {} bytes is no sample", piece_bytes_);
    end = last + 1;
  }
  if (end == 0) return std::nullopt;
  std::string body = heading_ + waiting_.substr(0, end);
  waiting_.erase(0, end);
  return std::optional<std::string>(std::move(body));
}

}  // namespace peering::cli
