// A file of samples in pieces that one request can carry, cut between lines.
#pragma once

#include <istream>
#include <optional>
#include <string>
#include <string_view>

#include "cli/failure.h"

namespace peering::cli {

/// How samples are written down, and how the file is compressed.
struct SampleForm {
  std::string content_type;      ///< application/x-ndjson, text/csv, application/vnd.peering.samples.v1
  std::string content_encoding;  ///< gzip, zstd, or empty
  /// Only text that is not compressed can be cut.
  bool can_be_cut() const {
    return content_encoding.empty() && content_type != "application/vnd.peering.samples.v1";
  }
};

/// By `format` (ndjson, csv, binary), or by the file's name when it is empty: `.csv`, `.psm`, else NDJSON;
/// `.gz` and `.zst` after it say how it is compressed.
SampleForm form_of(std::string_view file_name, std::string_view format);

/// Reads one piece after the other.
class SampleFile {
 public:
  static constexpr std::size_t piece_bytes_default = 8 * 1024 * 1024;
  static constexpr std::size_t body_bytes_max = 64 * 1024 * 1024;

  /// `in` must outlive it.
  SampleFile(std::istream& in, SampleForm form, std::size_t piece_bytes = piece_bytes_default)
      : in_(in), form_(std::move(form)), piece_bytes_(piece_bytes) {}

  /// The next body to send: whole lines, each CSV piece with the heading; nothing at the end. Fails for a
  /// line or a file (one that cannot be cut) that no request can carry.
  Outcome<std::optional<std::string>> next();

 private:
  Outcome<std::optional<std::string>> whole();

  std::istream& in_;
  SampleForm form_;
  std::size_t piece_bytes_;
  std::string heading_, waiting_;
  bool heading_read_ = false, ended_ = false;
};

}  // namespace peering::cli
