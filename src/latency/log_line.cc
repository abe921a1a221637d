#include "latency/log_line.h"

#include <charconv>
#include <optional>
#include <string>

#include <simdjson.h>

#include "latency/sample_checker.h"

namespace peering::latency {

namespace {

// A member as its text, whether it was written as one or as a number.
struct LogMember {
  std::string text;
  bool present = false, readable = true;
  bool is_nothing() const { return text.empty() || text == "-"; }
};

LogMember log_member(const simdjson::dom::object& object, std::string_view name) {
  LogMember out;
  simdjson::dom::element value;
  if (object.at_key(name).get(value) != simdjson::SUCCESS) return out;
  out.present = true;
  std::string_view text;
  if (value.get(text) == simdjson::SUCCESS) {
    out.text = text;
  } else {
    out.text = simdjson::minify(value);
    out.readable = value.is_number();
  }
  return out;
}

std::optional<double> decimal(const LogMember& member) {
  double value = 0;
  const char *begin = member.text.data(), *end = begin + member.text.size();
  const auto parsed = std::from_chars(begin, end, value);
  if (!member.readable || parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  return value;
}

}  // namespace

struct LogLineReader::State {
  State(const SampleRules& given, DecodedSamples& out, Untimed without_time)
      : rules(given), untimed(without_time), checker(given, out) {}

  const SampleRules& rules;
  const Untimed untimed;
  SampleChecker checker;
  simdjson::dom::parser parser;

  std::optional<TimePoint> time_of(const LogMember& member);
  LogLine read(const simdjson::dom::object& object, std::string_view pop, std::string_view source);
};

std::optional<TimePoint> LogLineReader::State::time_of(const LogMember& member) {
  if (!member.present && untimed == Untimed::of_now) return rules.now;
  if (const auto seconds = decimal(member)) return checker.time_number(*seconds, member.text);
  return checker.time_text(member.text);
}

LogLine LogLineReader::State::read(const simdjson::dom::object& object, std::string_view pop,
                                   std::string_view source) {
  const LogMember client = log_member(object, "client"), rtt = log_member(object, "rtt_us");
  const LogMember kind = log_member(object, "kind");
  LogMember pop_named = log_member(object, "pop"), source_named = log_member(object, "source");
  if (!pop_named.present) pop_named.text = pop;
  if (!source_named.present) source_named.text = source;
  const bool unix_socket = client.text.starts_with("unix:");
  if (rtt.present && (rtt.is_nothing() || rtt.text == "0" || unix_socket)) return LogLine::no_round_trip;
  RawSample sample;
  const auto take = [](auto& target, const auto& value) {
    if (value) target = *value;
    return value.has_value();
  };
  if (!take(sample.at, time_of(log_member(object, "time")))) return LogLine::rejected;
  if (!take(sample.client, checker.client_text(client.text))) return LogLine::rejected;
  if (!take(sample.pop, checker.pop(pop_named.text))) return LogLine::rejected;
  const auto microseconds = decimal(rtt);
  if (!microseconds) {
    checker.reject("rtt_us", rtt.text, "a number of microseconds");
    return LogLine::rejected;
  }
  if (!take(sample.rtt_us, checker.rtt_us(*microseconds, rtt.text))) return LogLine::rejected;
  if (kind.present && !take(sample.kind, checker.kind(kind.text))) return LogLine::rejected;
  if (!take(sample.source, checker.source(source_named.text))) return LogLine::rejected;
  checker.accept(sample);
  return LogLine::sample;
}

LogLineReader::LogLineReader(const SampleRules& rules, DecodedSamples& out, Untimed untimed)
    : state_(std::make_unique<State>(rules, out, untimed)) {}
LogLineReader::~LogLineReader() = default;

LogLine LogLineReader::read(std::string_view line, std::string_view pop, std::string_view source) {
  State& s = *state_;
  simdjson::dom::element root;
  simdjson::dom::object object;
  const bool readable = line.size() <= line_bytes_max &&
                        s.parser.parse(line.data(), line.size()).get(root) == simdjson::SUCCESS &&
                        root.get(object) == simdjson::SUCCESS;
  if (readable) return s.read(object, pop, source);
  s.checker.reject("line", line, "a JSON object of at most 65536 bytes");
  return LogLine::rejected;
}

}  // namespace peering::latency
