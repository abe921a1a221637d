#include "cli/output.h"

#include <algorithm>
#include <array>

#include "cli/yaml.h"

namespace peering::cli {

const json::value* value_at(const json::value& value, std::string_view path) {
  const json::value* at = &value;
  while (!path.empty() && at) {
    const std::string_view key = path.substr(0, path.find('.'));
    at = find(*at, key);
    path.remove_prefix(std::min(path.size(), key.size() + 1));
  }
  return at;
}

std::string plain_text(const json::value& value) {
  if (value.is_null()) return {};
  if (const auto* text = value.if_string()) return std::string(text->data(), text->size());
  if (const auto* items = value.if_array()) {
    std::string out;
    for (const json::value& item : *items) out += (out.empty() ? "" : ", ") + plain_text(item);
    return out;
  }
  if (const auto* members = value.if_object()) {
    std::string out;
    for (const auto& member : *members) {
      out += (out.empty() ? "" : ", ") + std::string(member.key()) + "=" + plain_text(member.value());
    }
    return out;
  }
  if (value.is_double()) return fmt::format("{:g}", value.get_double());
  return json::serialize(value);
}

namespace {

bool is_one_of(std::string_view text, const auto& words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

Tone tone_of_level(std::string_view level) {
  if (level == "Critical" || level == "Error") return Tone::bad;
  return level == "Warning" ? Tone::caution : Tone::plain;
}

Tone tone_of_state(std::string_view state) {
  constexpr std::array good = {std::string_view("Verified"), std::string_view("Succeeded"),
                               std::string_view("Approved"), std::string_view("resolved"),
                               std::string_view("active"),   std::string_view("ok"),
                               std::string_view("live"),     std::string_view("ready")};
  constexpr std::array bad = {std::string_view("Failed"), std::string_view("Invalid"),
                              std::string_view("open"),   std::string_view("degraded"),
                              std::string_view("stale"),  std::string_view("not ready")};
  if (is_one_of(state, good)) return Tone::good;
  if (is_one_of(state, bad)) return Tone::bad;
  return state == "Pending" || state == "insufficient" ? Tone::caution : Tone::plain;
}

// "2026-11-25T12:30:07.123Z" as people read it.
std::string short_time(std::string text) {
  if (text.size() < 19 || text[10] != 'T') return text;
  text[10] = ' ';
  return text.substr(0, 19);
}

std::string milliseconds(const json::value& value) {
  json::error_code wrong;
  const auto us = value.is_number() ? value.to_number<double>(wrong) : 0.0;
  if (!value.is_number() || wrong) return plain_text(value);
  return fmt::format("{:.2f}", us / 1000.0);
}

std::string one_line(std::string text) {
  for (char& c : text) {
    if (c == '\t' || c == '\n' || c == '\r') c = ' ';
  }
  return text;
}

std::string tsv_row(const json::value& item, const Columns& columns) {
  std::string out;
  for (const Column& column : columns) {
    const json::value* value = value_at(item, column.path);
    if (&column != columns.data()) out += '\t';
    if (value) out += one_line(plain_text(*value));
  }
  return out + "\n";
}

}  // namespace

Cell cell_of(const json::value& item, const Column& column) {
  const json::value* value = value_at(item, column.path);
  if (!value) return {};
  switch (column.show) {
    case Show::time:
      return {short_time(plain_text(*value)), Tone::plain};
    case Show::level:
      return {plain_text(*value), tone_of_level(plain_text(*value))};
    case Show::state:
      return {plain_text(*value), tone_of_state(plain_text(*value))};
    case Show::milliseconds: {
      if (!value->is_array()) return {milliseconds(*value), Tone::plain};
      std::string range;
      for (const json::value& end : value->get_array())
        range += (range.empty() ? "" : " – ") + milliseconds(end);
      return {range, Tone::plain};
    }
    case Show::text:
    case Show::number:
      break;
  }
  return {plain_text(*value), Tone::plain};
}

std::string format_list(const json::array& items, const Columns& columns, const Settings& settings) {
  if (settings.format == Format::json) return pretty(json::value(items)) + "\n";
  if (settings.format == Format::yaml) return to_yaml(json::value(items));
  std::string out;
  if (settings.format == Format::tsv) {
    for (const json::value& item : items) out += tsv_row(item, columns);
    return out;
  }
  std::vector<Heading> headings;
  for (const Column& column : columns) {
    const bool right = column.show == Show::number || column.show == Show::milliseconds;
    headings.push_back({std::string(column.title), right ? Align::right : Align::left});
  }
  std::vector<std::vector<Cell>> rows;
  for (const json::value& item : items) {
    std::vector<Cell> row;
    for (const Column& column : columns) row.push_back(cell_of(item, column));
    rows.push_back(std::move(row));
  }
  return render_table(headings, rows, settings.colored);
}

std::string format_one(const json::value& item, const Columns& columns, const Settings& settings) {
  if (settings.format == Format::json) return pretty(item) + "\n";
  if (settings.format == Format::yaml) return to_yaml(item);
  if (settings.format == Format::tsv) return tsv_row(item, columns);
  std::vector<std::pair<std::string, Cell>> fields;
  for (const Column& column : columns) {
    fields.emplace_back(std::string(column.title), cell_of(item, column));
  }
  return render_fields(fields, settings.colored);
}

}  // namespace peering::cli
