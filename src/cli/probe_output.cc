#include "cli/probe_output.h"

#include <charconv>
#include <string>

#include "base/json.h"

namespace peering::cli {

namespace {

constexpr std::size_t body_bytes = 4UL * 1024 * 1024;

struct Measured {
  std::string client;
  double rtt_ms = 0;
  json::value time;  // unix seconds, or RFC 3339
  std::string_view kind = "icmp";
};

void append_sample(const ProbeOutputSettings& settings, const Measured& measured, std::string& out) {
  out += json::serialize(json::object{{"time", measured.time},
                                      {"client", measured.client},
                                      {"pop", settings.pop},
                                      {"rtt_us", measured.rtt_ms * 1000},
                                      {"kind", measured.kind},
                                      {"source", settings.source}});
  out += '\n';
}

const json::array* list_member(const json::value& value, std::string_view name) {
  const json::value* member = find(value, name);
  return member ? member->if_array() : nullptr;
}

std::optional<double> number_member(const json::value& value, std::string_view name) {
  const json::value* member = find(value, name);
  if (!member || !member->is_number()) return std::nullopt;
  return member->to_number<double>();
}

// {"sec", "usec"} as unix seconds.
std::optional<double> seconds_member(const json::value& value, std::string_view name) {
  const json::value* member = find(value, name);
  if (!member) return std::nullopt;
  const auto seconds = number_member(*member, "sec"), microseconds = number_member(*member, "usec");
  if (!seconds || !microseconds) return std::nullopt;
  return *seconds + *microseconds / 1e6;
}

std::string_view scamper_kind(std::string_view method) {
  // What comes back of a SYN or ACK comes from the host's TCP, not from its ICMP.
  return method.starts_with("tcp") ? "handshake" : "icmp";
}

std::optional<double> decimal_text(std::string_view text) {
  double out = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), out);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) return std::nullopt;
  return out;
}

// The next word, taken away; empty at the end.
std::string_view next_word(std::string_view& rest) {
  const std::size_t begin = std::min(rest.find_first_not_of(" \t\r"), rest.size());
  const std::size_t end = std::min(rest.find_first_of(" \t\r", begin), rest.size());
  const std::string_view out = rest.substr(begin, end - begin);
  rest.remove_prefix(end);
  return out;
}

}  // namespace

std::optional<ProbeFormat> parse_probe_format(std::string_view name) {
  if (name == "atlas") return ProbeFormat::atlas;
  if (name == "fping") return ProbeFormat::fping;
  if (name == "scamper") return ProbeFormat::scamper;
  return std::nullopt;
}

// Objects stand in a list, or one after the other; what is between them does not matter.
Outcome<std::optional<std::string>> ProbeOutput::next_object() {
  std::string out;
  std::size_t depth = 0;
  bool quoted = false, escaped = false;
  for (char c = 0; in_.get(c);) {
    if (depth == 0 && c != '{') continue;
    out += c;
    if (out.size() > object_bytes_max)
      return failed("result {} is longer than {} bytes", number_ + 1, object_bytes_max);
    if (quoted) {
      quoted = escaped || c != '"';
      escaped = !escaped && c == '\\';
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{') {
      ++depth;
    } else if (c == '}' && --depth == 0) {
      ++number_;
      return std::optional<std::string>(std::move(out));
    }
  }
  if (depth > 0) return failed("result {} is cut off", number_ + 1);
  return std::nullopt;
}

Outcome<void> ProbeOutput::take_object(const std::string& text, std::string& out) {
  const auto value = parse_json(text);
  if (!value) return failed("result {}: {}", number_, value.error().message);
  const bool atlas = settings_.format == ProbeFormat::atlas;
  const json::array* answers = list_member(*value, atlas ? "result" : "responses");
  // A probe's own address is often a private one; `from` is how it is seen.
  const auto client = find_string(*value, atlas ? "from" : "dst");
  if (find_string(*value, "type") != "ping" || !answers || !client) {
    ++passed_over_;
    return {};
  }
  const auto began = atlas ? number_member(*value, "timestamp") : seconds_member(*value, "start");
  const auto sent = number_member(*value, atlas ? "sent" : "ping_sent");
  std::uint64_t answered = 0;
  for (const json::value& answer : *answers) {
    const auto rtt = number_member(answer, "rtt");
    const auto at = atlas ? began : seconds_member(answer, "rx");
    if (!rtt) continue;
    if (!at && !began) return failed("result {}: no time", number_);
    ++answered;
    append_sample(settings_,
                  {*client, *rtt, json::value(at ? *at : *began),
                   atlas ? "icmp" : scamper_kind(find_string(*value, "method").value_or(""))},
                  out);
  }
  const auto of = static_cast<std::uint64_t>(sent.value_or(static_cast<double>(answers->size())));
  lost_ += of > answered ? of - answered : 0;
  return {};
}

// "[1795782558.29510] 127.0.0.1 : [0], 64 bytes, 0.039 ms (…)" of -D, and "127.0.0.1 : 0.036 - 0.038" of -C.
Outcome<void> ProbeOutput::take_line(std::string_view line, std::string& out) {
  std::string_view rest = line;
  std::string_view word = next_word(rest);
  if (word.empty()) return {};
  json::value time;
  if (settings_.time) time = format_rfc3339(*settings_.time);
  if (word.starts_with('[') && word.ends_with(']')) {
    const auto seconds = decimal_text(word.substr(1, word.size() - 2));
    if (!seconds) return failed("line {}: no time of fping -D: {}", number_, word);
    time = *seconds;
    word = next_word(rest);
  }
  const std::string client(word);
  if (next_word(rest) != ":") {
    ++passed_over_;
    return {};
  }
  word = next_word(rest);
  if (word.starts_with("xmt/")) {
    ++passed_over_;
    return {};
  }
  if (word.starts_with('[')) {
    // "[0], 64 bytes, 0.039 ms": or "[0], timed out".
    const std::size_t comma = rest.find(", ");
    std::string_view tail = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 2);
    const auto rtt = decimal_text(next_word(tail));
    if (!rtt) {
      ++lost_;
      return {};
    }
    if (time.is_null())
      return failed("line {}: it has no time: measure with fping -D, or give --time", number_);
    append_sample(settings_, {client, *rtt, time}, out);
    return {};
  }
  for (; !word.empty(); word = next_word(rest)) {
    const auto rtt = decimal_text(word);
    if (!rtt && word != "-")
      return failed("line {}: no round-trip time in ms, and no '-': {}", number_, word);
    if (!rtt) {
      ++lost_;
      continue;
    }
    if (time.is_null()) return failed("line {}: fping -C says no times: give --time", number_);
    append_sample(settings_, {client, *rtt, time}, out);
  }
  return {};
}

Outcome<std::optional<std::string>> ProbeOutput::next() {
  std::string out;
  while (out.size() < body_bytes) {
    if (settings_.format == ProbeFormat::fping) {
      std::string line;
      if (!std::getline(in_, line)) break;
      ++number_;
      if (auto done = take_line(line, out); !done) return tl::unexpected(done.error());
    } else {
      auto object = next_object();
      if (!object) return tl::unexpected(object.error());
      if (!*object) break;
      if (auto done = take_object(**object, out); !done) return tl::unexpected(done.error());
    }
  }
  if (out.empty()) return std::nullopt;
  return std::optional<std::string>(std::move(out));
}

}  // namespace peering::cli
