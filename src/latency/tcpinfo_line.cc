#include "latency/tcpinfo_line.h"

#include <array>
#include <charconv>
#include <chrono>

namespace peering::latency {

namespace {

constexpr std::string_view columns_rule = "timestamp, event, client, server and rtt, apart by blanks";
constexpr std::string_view tcpinfo_time_rule = "a local time such as 20261127.20h49m01s";
constexpr std::size_t minute_bytes = std::string_view("20261127.20h49m").size();
constexpr std::size_t time_bytes = std::string_view("20261127.20h49m01s").size();

enum TcpinfoColumn : std::size_t { of_time, of_event, of_client, of_server, of_rtt, tcpinfo_columns };

// The first columns; fewer when the line has fewer.
std::array<std::string_view, tcpinfo_columns> columns_of(std::string_view line) {
  std::array<std::string_view, tcpinfo_columns> out;
  for (std::string_view& column : out) {
    const std::size_t begin = std::min(line.find_first_not_of(' '), line.size());
    line.remove_prefix(begin);
    column = line.substr(0, line.find(' '));
    line.remove_prefix(column.size());
  }
  return out;
}

// All of the text in digits.
template <class Number>
bool whole_number(std::string_view text, Number& out) {
  if (text.empty() || text.front() < '0' || text.front() > '9') return false;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), out);
  return parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
}

}  // namespace

TcpinfoLineReader::TcpinfoLineReader(const SampleRules& rules, DecodedSamples& out, model::TimeZone zone)
    : checker_(rules, out), zone_(std::move(zone)) {}

std::optional<TimePoint> TcpinfoLineReader::time_of(std::string_view text) {
  unsigned year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  const auto number = [&](std::size_t at, std::size_t digits, unsigned& out) {
    return whole_number(text.substr(at, digits), out);
  };
  const bool readable = text.size() == time_bytes && text[8] == '.' && text[11] == 'h' && text[14] == 'm' &&
                        text[17] == 's' && number(0, 4, year) && number(4, 2, month) && number(6, 2, day) &&
                        number(9, 2, hour) && number(12, 2, minute) && number(15, 2, second);
  const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(year)), std::chrono::month(month),
                                         std::chrono::day(day));
  if (!readable || !date.ok() || year < 1970 || hour > 23 || minute > 59 || second > 60) {
    checker_.reject("time", text, tcpinfo_time_rule);
    return std::nullopt;
  }
  if (minute_text_ != text.substr(0, minute_bytes)) {
    minute_text_ = text.substr(0, minute_bytes);
    minute_ =
        zone_.first(std::chrono::sys_days(date), std::chrono::hours(hour) + std::chrono::minutes(minute));
  }
  return checker_.time(minute_ + std::chrono::seconds(second), text);
}

LogLine TcpinfoLineReader::read(std::string_view line, std::string_view pop, std::string_view source) {
  if (line.starts_with("timestamp event client server rtt")) return LogLine::nothing;
  const auto columns = columns_of(line.substr(0, std::min(line.size(), line_bytes_max)));
  if (columns[of_rtt].empty()) {
    checker_.reject("line", line, columns_rule);
    return LogLine::rejected;
  }
  if (columns[of_rtt] == "0") return LogLine::no_round_trip;
  const auto at = time_of(columns[of_time]);
  if (!at) return LogLine::rejected;
  const auto address = checker_.client_text(columns[of_client]);
  if (!address) return LogLine::rejected;
  std::uint32_t microseconds = 0;
  if (!whole_number(columns[of_rtt], microseconds)) {
    checker_.reject("rtt_us", columns[of_rtt], "a whole number of microseconds");
    return LogLine::rejected;
  }
  const auto rtt_us = checker_.rtt_us(microseconds, columns[of_rtt]);
  if (!rtt_us) return LogLine::rejected;
  const auto pop_index = checker_.pop(pop);
  if (!pop_index) return LogLine::rejected;
  const auto source_index = checker_.source(source);
  if (!source_index) return LogLine::rejected;
  checker_.accept({*address, *at, *rtt_us, *pop_index, *source_index, model::SampleKind::srtt});
  return LogLine::sample;
}

}  // namespace peering::latency
