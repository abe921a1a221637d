#include "cli/peeringdb_dump.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <memory>
#include <span>

#include <boost/json/basic_parser_impl.hpp>

#include "wire/mrt/decompress.h"

namespace peering::cli {

namespace {

constexpr std::size_t piece_bytes = 64 * 1024;
constexpr std::size_t text_bytes_max = 4096;
constexpr std::array<std::string_view, 9> types = {"fac",    "ix",       "ixfac", "ixlan", "ixpfx",
                                                   "netfac", "netixlan", "net",   "org"};
constexpr std::array<std::string_view, 17> wanted = {
    "id",     "status", "name",  "city",   "state",    "country", "latitude", "longitude", "address1",
    "net_id", "fac_id", "ix_id", "prefix", "ixlan_id", "asn",     "protocol", "local_asn"};

// Called by the parser for every piece of the text. Keeps the way from the root to here, and the one row that
// is being read.
class RowHandler {
 public:
  static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);

  RowHandler(std::string type, const std::function<void(DumpRow&)>& take)
      : type_(std::move(type)), take_(take) {}

  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }
  bool on_object_begin(json::error_code&) {
    const bool in_list = !levels_.empty() && levels_.back().list;
    if (row_level_ == 0 && in_list) begin_row();
    levels_.push_back({false, row_level_ == 0 ? key_ : std::string()});
    if (row_level_ == 0 && !row_.type.empty()) row_level_ = levels_.size();
    return true;
  }
  bool on_object_end(std::size_t, json::error_code&) {
    if (row_level_ == levels_.size()) {
      take_(row_);
      row_ = {};
      row_level_ = 0;
    }
    levels_.pop_back();
    return true;
  }
  bool on_array_begin(json::error_code&) {
    levels_.push_back({true, row_level_ == 0 ? key_ : std::string()});
    key_.clear();
    return true;
  }
  bool on_array_end(std::size_t, json::error_code&) {
    levels_.pop_back();
    return true;
  }
  bool on_key_part(json::string_view part, std::size_t size, json::error_code&) {
    if (size == part.size()) key_.clear();
    if (size <= text_bytes_max) key_.append(part.data(), part.size());
    return true;
  }
  bool on_key(json::string_view part, std::size_t size, json::error_code& error) {
    return on_key_part(part, size, error);
  }
  bool on_string_part(json::string_view part, std::size_t size, json::error_code&) {
    if (size == part.size()) text_.clear();
    if (is_wanted() && size <= text_bytes_max) text_.append(part.data(), part.size());
    return true;
  }
  bool on_string(json::string_view part, std::size_t size, json::error_code& error) {
    on_string_part(part, size, error);
    return keep(json::value(json::string(text_)));
  }
  bool on_number_part(json::string_view, json::error_code&) { return true; }
  bool on_int64(std::int64_t number, json::string_view, json::error_code&) {
    return keep(json::value(number));
  }
  bool on_uint64(std::uint64_t number, json::string_view, json::error_code&) {
    return keep(json::value(number));
  }
  bool on_double(double number, json::string_view, json::error_code&) { return keep(json::value(number)); }
  bool on_bool(bool truth, json::error_code&) { return keep(json::value(truth)); }
  bool on_null(json::error_code&) { return keep(json::value(nullptr)); }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }

 private:
  struct Level {
    bool list = false;
    std::string key;  // under which it is; empty in lists
  };

  // The list is called by its type, or "data" and lies in what is called so, or nothing says it.
  void begin_row() {
    const std::string& list = levels_.back().key;
    const std::string& around = levels_.size() > 1 ? levels_[levels_.size() - 2].key : list;
    row_ = {};
    if (is_peeringdb_type(list)) {
      row_.type = list;
    } else if (is_peeringdb_type(around)) {
      row_.type = around;
    } else if (levels_.size() <= 2) {
      row_.type = type_;
    }
  }
  bool is_wanted() const {
    return row_level_ != 0 && row_level_ == levels_.size() &&
           std::ranges::find(wanted, std::string_view(key_)) != wanted.end();
  }
  bool keep(json::value value) {
    if (is_wanted()) row_.members.emplace_back(key_, std::move(value));
    return true;
  }

  std::string type_;
  const std::function<void(DumpRow&)>& take_;
  std::vector<Level> levels_;
  std::string key_, text_;
  DumpRow row_;
  std::size_t row_level_ = 0;  // of the row in `levels_`; 0: in none
};

// The parser with the file's name and place for its messages.
class Reading {
 public:
  Reading(const std::string& path, const std::string& type, const std::function<void(DumpRow&)>& take)
      : path_(path), parser_(json::parse_options(), type, take) {}

  Outcome<void> feed(std::string_view text) {
    if (!done_) {
      json::error_code error;
      const std::size_t used = parser_.write_some(true, text.data(), text.size(), error);
      if (error) return no_json(error.message(), at_ + used);
      done_ = parser_.done();
      at_ += used;
      text.remove_prefix(used);
    }
    const std::size_t more = text.find_first_not_of(" \t\r\n");
    if (more != std::string_view::npos) return no_json("something follows the value", at_ + more);
    at_ += text.size();
    return {};
  }
  Outcome<void> finish() {
    json::error_code error;
    if (!done_) parser_.write_some(false, "", 0, error);
    if (error) return no_json(error.message(), at_);
    return {};
  }

 private:
  tl::unexpected<Failure> no_json(std::string_view why, std::uint64_t at) const {
    return failed("{} is no JSON: {} at byte {}", path_, why, at);
  }

  std::string path_;
  json::basic_parser<RowHandler> parser_;
  bool done_ = false;
  std::uint64_t at_ = 0;
};

Outcome<void> unpack(wire::mrt::Decompressor& decompressor, std::span<const std::uint8_t> input,
                     const std::string& path, Reading& reading) {
  std::vector<std::uint8_t> plain;
  while (true) {
    plain.clear();
    if (const auto done = decompressor.feed(input, plain, piece_bytes); !done) {
      return failed("{}: {}", path, done.error().message);
    }
    if (plain.empty() && input.empty()) return {};
    const std::string_view text(reinterpret_cast<const char*>(plain.data()), plain.size());
    if (auto done = reading.feed(text); !done) return done;
  }
}

}  // namespace

const json::value* DumpRow::member(std::string_view name) const {
  const auto found = std::ranges::find_if(members, [&](const auto& each) { return each.first == name; });
  return found == members.end() ? nullptr : &found->second;
}

bool is_peeringdb_type(std::string_view type) { return std::ranges::find(types, type) != types.end(); }

std::string type_of_file_name(const std::string& path) {
  std::string name = std::filesystem::path(path).filename().string();
  const std::size_t end = name.find_first_not_of("abcdefghijklmnopqrstuvwxyz");
  name.resize(std::min(end, name.size()));
  return is_peeringdb_type(name) ? name : std::string();
}

Outcome<void> read_dump(const std::string& path, const std::string& type,
                        const std::function<void(DumpRow&)>& take) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return failed("cannot read {}", path);
  Reading reading(path, type, take);
  std::vector<std::uint8_t> piece(piece_bytes);
  std::unique_ptr<wire::mrt::Decompressor> decompressor;
  for (bool first = true; file; first = false) {
    file.read(reinterpret_cast<char*>(piece.data()), static_cast<std::streamsize>(piece.size()));
    const std::span<const std::uint8_t> input(piece.data(), static_cast<std::size_t>(file.gcount()));
    if (first) decompressor = wire::mrt::make_decompressor(wire::mrt::detect_compression(input));
    if (auto done = unpack(*decompressor, input, path, reading); !done) return done;
  }
  if (file.bad()) return failed("cannot read {}", path);
  if (!decompressor->complete()) return failed("{} ends in the middle of its compressed data", path);
  return reading.finish();
}

}  // namespace peering::cli
