#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <deque>

#include "latency/decode.h"
#include "latency/lines.h"
#include "latency/sample_checker.h"

namespace peering::latency {

namespace {

// The fields of one line (RFC 4180 section 2). False for a quote that does not end or does not end a field.
class FieldSplitter {
 public:
  bool split(std::string_view line) {
    fields_.clear();
    unquoted_.clear();
    while (true) {
      if (line.starts_with('"')) {
        if (!take_quoted(line)) return false;
      } else {
        const std::size_t comma = std::min(line.find(','), line.size());
        fields_.push_back(line.substr(0, comma));
        line.remove_prefix(comma);
      }
      if (line.empty()) return true;
      line.remove_prefix(1);  // the comma
    }
  }
  const std::vector<std::string_view>& fields() const { return fields_; }

 private:
  bool take_quoted(std::string_view& line) {
    std::string& text = unquoted_.emplace_back();
    for (std::size_t i = 1; i < line.size(); ++i) {
      if (line[i] != '"') {
        text.push_back(line[i]);
      } else if (i + 1 < line.size() && line[i + 1] == '"') {
        text.push_back('"');
        ++i;
      } else {
        fields_.push_back(text);
        line.remove_prefix(i + 1);
        return line.empty() || line.front() == ',';
      }
    }
    return false;
  }

  std::vector<std::string_view> fields_;
  std::deque<std::string> unquoted_;  // does not move its elements
};

enum Column : std::size_t { time, client, pop, rtt_us, kind, source, column_count };
constexpr std::array<std::string_view, column_count> column_names = {"time",   "client", "pop",
                                                                     "rtt_us", "kind",   "source"};

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

std::optional<double> as_number(std::string_view text) {
  double value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size() || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

class RowReader {
 public:
  RowReader(const SampleRules& rules, DecodedSamples& out) : checker_(rules, out) {}

  Result<void> read_header(std::string_view line) {
    if (!splitter_.split(line)) return tl::unexpected(invalid("header", line, "names separated by commas"));
    width_ = splitter_.fields().size();
    places_.fill(absent);
    for (std::size_t i = 0; i < width_; ++i) {
      const auto known = std::ranges::find(column_names, trimmed(splitter_.fields()[i]));
      if (known == column_names.end()) continue;
      std::size_t& place = places_[static_cast<std::size_t>(known - column_names.begin())];
      if (place != absent) return tl::unexpected(invalid("header", *known, "each column once"));
      place = i;
    }
    for (const Column required : {time, client, pop, rtt_us}) {
      if (places_[required] != absent) continue;
      return tl::unexpected(
          invalid("header", line, fmt::format("a column {} is required", column_names[required])));
    }
    return {};
  }

  void read(std::string_view line) {
    if (is_blank(line)) return;
    if (line.size() > line_bytes_max) return checker_.reject("line", line, "at most 65536 bytes");
    if (!splitter_.split(line)) return checker_.reject("line", line, "quotes that end");
    if (splitter_.fields().size() != width_) {
      return checker_.reject("line", line, fmt::format("{} fields, as the header has", width_));
    }
    const auto at = read_time(field(time));
    if (!at) return;
    const auto from = checker_.client_text(field(client));
    if (!from) return;
    const auto pop_index = checker_.pop(field(pop));
    if (!pop_index) return;
    const auto rtt = read_rtt(field(rtt_us));
    if (!rtt) return;
    const auto how =
        field(kind).empty() ? std::optional(model::SampleKind::srtt) : checker_.kind(field(kind));
    if (!how) return;
    const auto source_index = checker_.source(field(source));
    if (!source_index) return;
    checker_.accept({*from, *at, *rtt, *pop_index, *source_index, *how});
  }

 private:
  static constexpr std::size_t absent = static_cast<std::size_t>(-1);

  std::string_view field(Column column) const {
    return places_[column] == absent ? std::string_view() : trimmed(splitter_.fields()[places_[column]]);
  }

  std::optional<TimePoint> read_time(std::string_view text) {
    if (const auto number = as_number(text)) return checker_.time_number(*number, text);
    return checker_.time_text(text);
  }

  std::optional<std::uint32_t> read_rtt(std::string_view text) {
    if (const auto number = as_number(text)) return checker_.rtt_us(*number, text);
    checker_.reject("rtt_us", text, "a number of microseconds");
    return std::nullopt;
  }

  SampleChecker checker_;
  FieldSplitter splitter_;
  std::array<std::size_t, column_count> places_{};
  std::size_t width_ = 0;
};

}  // namespace

Result<DecodedSamples> decode_csv(std::string_view body, const SampleRules& rules) {
  DecodedSamples out;
  RowReader reader(rules, out);
  bool header_read = false;
  std::optional<Error> refused;
  for_each_line(body, [&](std::string_view line) {
    if (refused) return;
    if (header_read) return reader.read(line);
    if (auto header = reader.read_header(line); !header) refused = header.error();
    header_read = true;
  });
  if (refused) return tl::unexpected(*refused);
  if (!header_read) return tl::unexpected(invalid("header", "", "time,client,pop,rtt_us[,kind][,source]"));
  return out;
}

}  // namespace peering::latency
