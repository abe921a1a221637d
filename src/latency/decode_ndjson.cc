#include <simdjson.h>

#include "latency/decode.h"
#include "latency/lines.h"
#include "latency/sample_checker.h"

namespace peering::latency {

namespace {

namespace dom = simdjson::dom;

// The members of one line that are ours, each as it came. Others are ignored: log formats carry more.
struct Members {
  std::optional<dom::element> time, client, pop, rtt_us, kind, source;
};

Members members_of(const dom::object& object) {
  Members out;
  for (const auto& [key, value] : object) {
    if (key == "time") out.time = value;
    if (key == "client") out.client = value;
    if (key == "pop") out.pop = value;
    if (key == "rtt_us") out.rtt_us = value;
    if (key == "kind") out.kind = value;
    if (key == "source") out.source = value;
  }
  return out;
}

std::optional<std::string_view> as_text(const std::optional<dom::element>& member) {
  std::string_view text;
  if (!member || member->get(text) != simdjson::SUCCESS) return std::nullopt;
  return text;
}

std::optional<double> number_of(const std::optional<dom::element>& member) {
  if (!member || !member->is_number()) return std::nullopt;
  double number = 0;
  if (member->get(number) != simdjson::SUCCESS) return std::nullopt;
  return number;
}

// A member as it is shown in a rejection: strings without quotes, absent ones empty.
std::string shown(const std::optional<dom::element>& member) {
  if (const auto text = as_text(member)) return std::string(*text);
  return member ? simdjson::minify(*member) : std::string();
}

// One reader a body: simdjson's parser keeps its buffers from line to line.
//
// Whole lines are parsed, not read on demand: that would leave the values of members that are not ours
// unlooked at, and count samples of lines that are no JSON.
class LineReader {
 public:
  LineReader(const SampleRules& rules, DecodedSamples& out) : checker_(rules, out) {}

  // `line` must be followed by SIMDJSON_PADDING readable bytes.
  void read(std::string_view line) {
    if (is_blank(line)) return;
    if (line.size() > line_bytes_max) return checker_.reject("line", line, "at most 65536 bytes");
    dom::element root;
    if (parser_.parse(line.data(), line.size(), false).get(root) != simdjson::SUCCESS) {
      return checker_.reject("line", line, "a JSON object");
    }
    dom::object object;
    if (root.get(object) != simdjson::SUCCESS) return checker_.reject("line", line, "a JSON object");
    read_members(members_of(object));
  }

 private:
  void read_members(const Members& members) {
    RawSample sample;
    if (!assign(sample.at, read_time(members.time))) return;
    if (!assign(sample.client, read_text(members.client, "client", &SampleChecker::client_text))) return;
    if (!assign(sample.pop, read_text(members.pop, "pop", &SampleChecker::pop))) return;
    if (!assign(sample.rtt_us, read_rtt(members.rtt_us))) return;
    if (members.kind && !assign(sample.kind, read_text(members.kind, "kind", &SampleChecker::kind))) return;
    const auto source =
        members.source ? read_text(members.source, "source", &SampleChecker::source) : checker_.source("");
    if (!assign(sample.source, source)) return;
    checker_.accept(sample);
  }

  template <class T>
  static bool assign(T& target, const std::optional<T>& value) {
    if (value) target = *value;
    return value.has_value();
  }

  std::optional<TimePoint> read_time(const std::optional<dom::element>& member) {
    if (const auto text = as_text(member)) return checker_.time_text(*text);
    if (const auto number = number_of(member))
      return checker_.time_number(*number, checker_.in_time(*number) ? std::string() : shown(member));
    checker_.reject("time", shown(member), "RFC 3339 or unix seconds as a number");
    return std::nullopt;
  }

  std::optional<std::uint32_t> read_rtt(const std::optional<dom::element>& member) {
    if (const auto number = number_of(member))
      return checker_.rtt_us(*number, SampleChecker::is_rtt_us(*number) ? std::string() : shown(member));
    checker_.reject("rtt_us", shown(member), "a number of microseconds");
    return std::nullopt;
  }

  template <class T>
  std::optional<T> read_text(const std::optional<dom::element>& member, std::string_view field,
                             std::optional<T> (SampleChecker::*check)(std::string_view)) {
    if (const auto text = as_text(member)) return (checker_.*check)(*text);
    checker_.reject(field, shown(member), member ? "a text" : "is required");
    return std::nullopt;
  }

  SampleChecker checker_;
  dom::parser parser_;
};

}  // namespace

Result<DecodedSamples> decode_ndjson(std::string_view body, const SampleRules& rules) {
  const simdjson::padded_string padded(body);
  DecodedSamples out;
  LineReader reader(rules, out);
  for_each_line(std::string_view(padded), [&](std::string_view line) { reader.read(line); });
  return out;
}

}  // namespace peering::latency
