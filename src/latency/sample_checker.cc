#include "latency/sample_checker.h"

#include <algorithm>
#include <cmath>

#include <simdjson.h>

#include "latency/redact.h"

namespace peering::latency {

namespace {

constexpr std::string_view time_rule = "RFC 3339 or unix seconds as a number";
constexpr double seconds_max = 253'402'300'800;  // the year 10000

TimePoint from_seconds(double seconds) { return time_from_us(std::llround(seconds * 1e6)); }

// Names end up in reports: text without control characters.
bool is_name(std::string_view text) {
  const bool visible =
      std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  return visible && simdjson::validate_utf8(text.data(), text.size());
}

// Cut to what fits an answer, at the end of a UTF-8 character; bytes that are no UTF-8 are replaced.
std::string shown_value(std::string_view value) {
  constexpr std::size_t shown_bytes_max = 80, looked_at_bytes_max = 400;
  std::string text = redact_addresses(value.substr(0, looked_at_bytes_max));
  if (text.size() > shown_bytes_max) {
    std::size_t end = shown_bytes_max;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    text.resize(end);
  }
  if (!simdjson::validate_utf8(text.data(), text.size())) {
    for (char& c : text) c = static_cast<unsigned char>(c) < 0x80 ? c : '?';
  }
  return text;
}

}  // namespace

void SampleChecker::reject(std::string_view field, std::string_view value, std::string_view rule) {
  ++out_.rejected;
  if (out_.rejections.size() < rejections_shown_max) {
    out_.rejections.push_back({index_, std::string(field), shown_value(value), std::string(rule)});
  }
  ++index_;
}

void SampleChecker::accept(const RawSample& sample) {
  out_.samples.push_back(sample);
  ++index_;
}

std::optional<TimePoint> SampleChecker::time(TimePoint at, std::string_view shown) {
  if (at > rules_.now + rules_.ahead_max) {
    reject("time", shown, fmt::format("at most {} ahead", format_duration(rules_.ahead_max)));
    return std::nullopt;
  }
  if (at < rules_.now - rules_.accept_age) {
    reject("time", shown, fmt::format("at most {} ago (accept_age)", format_duration(rules_.accept_age)));
    return std::nullopt;
  }
  return at;
}

std::optional<TimePoint> SampleChecker::time_text(std::string_view rfc3339) {
  const auto parsed = parse_rfc3339(rfc3339);
  if (!parsed) {
    reject("time", rfc3339, time_rule);
    return std::nullopt;
  }
  return time(*parsed, rfc3339);
}

std::optional<TimePoint> SampleChecker::time_number(double seconds, std::string_view shown) {
  if (!(std::abs(seconds) < seconds_max)) {
    reject("time", shown, time_rule);
    return std::nullopt;
  }
  return time(from_seconds(seconds), shown);
}

bool SampleChecker::in_time(double seconds) const {
  return std::abs(seconds) < seconds_max && in_time(from_seconds(seconds));
}

std::optional<net::Address> SampleChecker::client_text(std::string_view address) {
  const auto parsed = net::Address::parse(address);
  if (!parsed) {
    reject("client", address, "an IPv4 or IPv6 address");
    return std::nullopt;
  }
  return parsed->unmapped();
}

std::optional<std::uint32_t> SampleChecker::rtt_us(double value, std::string_view shown) {
  if (!is_rtt_us(value)) {
    reject("rtt_us", shown, "a number above 0 and at most 10000000 (10 s)");
    return std::nullopt;
  }
  return std::max(1U, static_cast<std::uint32_t>(std::lround(value)));
}

std::optional<std::uint32_t> SampleChecker::pop(std::string_view name) {
  if (name.empty() || name.size() > pop_bytes_max || !is_name(name)) {
    reject("pop", name, "a name of 1 to 64 bytes");
    return std::nullopt;
  }
  return name_index(name);
}

std::optional<std::uint32_t> SampleChecker::source(std::string_view name) {
  if (name.size() > source_bytes_max || !is_name(name)) {
    reject("source", name, "a name of at most 128 bytes");
    return std::nullopt;
  }
  return name_index(name);
}

std::optional<model::SampleKind> SampleChecker::kind(std::string_view name) {
  const auto parsed = model::parse_sample_kind(name);
  if (!parsed) reject("kind", name, "srtt, min, handshake, icmp, stamp or quic");
  return parsed;
}

std::uint32_t SampleChecker::name_index(std::string_view name) {
  if (const auto found = names_.find(name); found != names_.end()) return found->second;
  const auto index = static_cast<std::uint32_t>(out_.names.size());
  out_.names.emplace_back(name);
  names_.emplace(name, index);
  return index;
}

}  // namespace peering::latency
