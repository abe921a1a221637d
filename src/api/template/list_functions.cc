// Arrays and objects: first, contains, union, …
#include <algorithm>
#include <array>

#include "api/template/functions.h"
#include "model/registry.h"

namespace peering::api::tmpl {

namespace {

using Value = Result<json::value>;

std::string_view text_view(const json::value& value) {
  return {value.get_string().data(), value.get_string().size()};
}

// The code points of a text.
std::vector<std::string> characters_of(std::string_view text) {
  std::vector<std::string> out;
  for (const char c : text) {
    if ((static_cast<unsigned char>(c) & 0xc0) != 0x80 || out.empty()) out.emplace_back();
    out.back() += c;
  }
  return out;
}

Value length(Arguments a) {
  if (a[0].is_string()) return static_cast<std::int64_t>(characters_of(text_view(a[0])).size());
  if (a[0].is_array()) return static_cast<std::int64_t>(a[0].get_array().size());
  if (a[0].is_object()) return static_cast<std::int64_t>(a[0].get_object().size());
  return wrong_argument(0, a[0], "a text, an array or an object");
}

Value end_of(Arguments a, bool first) {
  if (a[0].is_array()) {
    const json::array& items = a[0].get_array();
    if (items.empty()) return nullptr;
    return first ? items.front() : items.back();
  }
  if (!a[0].is_string()) return wrong_argument(0, a[0], "a text or an array");
  const auto all = characters_of(text_view(a[0]));
  if (all.empty()) return "";
  return json::value(first ? all.front() : all.back());
}
Value first(Arguments a) { return end_of(a, true); }
Value last(Arguments a) { return end_of(a, false); }

Value empty(Arguments a) {
  if (a[0].is_null()) return true;
  if (a[0].is_string()) return a[0].get_string().empty();
  if (a[0].is_array()) return a[0].get_array().empty();
  if (a[0].is_object()) return a[0].get_object().empty();
  return wrong_argument(0, a[0], "a text, an array or an object");
}

Value contains(Arguments a) {
  if (a[0].is_array()) {
    return std::ranges::any_of(a[0].get_array(),
                               [&](const json::value& each) { return same_value(each, a[1]); });
  }
  const auto what = text_argument(a, 1);
  if (!what) return tl::unexpected(what.error());
  if (a[0].is_string()) return text_view(a[0]).find(*what) != std::string_view::npos;
  if (!a[0].is_object()) return wrong_argument(0, a[0], "a text, an array or an object");
  return std::ranges::any_of(a[0].get_object(), [&](const auto& member) {
    return model::lower(std::string_view(member.key().data(), member.key().size())) == model::lower(*what);
  });
}

void merge(json::object& into, const json::object& from) {
  for (const auto& member : from) {
    json::value* there = into.if_contains(member.key());
    if (there && there->is_object() && member.value().is_object()) {
      merge(there->get_object(), member.value().get_object());
    } else {
      into[member.key()] = member.value();
    }
  }
}

bool has(const json::array& items, const json::value& value) {
  return std::ranges::any_of(items, [&](const json::value& each) { return same_value(each, value); });
}

Value unite(Arguments a) {
  if (a[0].is_object()) {
    json::object out;
    for (std::size_t i = 0; i < a.size(); ++i) {
      if (!a[i].is_object()) return wrong_argument(i, a[i], "an object, as the first one");
      merge(out, a[i].get_object());
    }
    return out;
  }
  json::array out;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!a[i].is_array())
      return wrong_argument(i, a[i], i == 0 ? "an array or an object" : "an array, as the first one");
    for (const json::value& each : a[i].get_array()) {
      if (!has(out, each)) out.push_back(each);
    }
    if (out.size() > items_max)
      return fail(ErrorCode::limit_exceeded, "an array has at most {} items", items_max);
  }
  return out;
}

Value intersection(Arguments a) {
  json::array out;
  if (!a[0].is_array()) return wrong_argument(0, a[0], "an array");
  for (const json::value& each : a[0].get_array()) {
    bool everywhere = !has(out, each);
    for (std::size_t i = 1; everywhere && i < a.size(); ++i) {
      if (!a[i].is_array()) return wrong_argument(i, a[i], "an array");
      everywhere = has(a[i].get_array(), each);
    }
    if (everywhere) out.push_back(each);
  }
  return out;
}

Value create_array(Arguments a) { return json::array(a.begin(), a.end()); }

Value create_object(Arguments a) {
  if (a.size() % 2 != 0) return fail(ErrorCode::invalid_argument, "names and values come in pairs");
  json::object out;
  for (std::size_t i = 0; i < a.size(); i += 2) {
    const auto name = text_argument(a, i);
    if (!name) return tl::unexpected(name.error());
    out[*name] = a[i + 1];
  }
  return out;
}

Value array(Arguments a) { return a[0].is_array() ? a[0] : json::value(json::array{a[0]}); }

Value part(Arguments a, bool skips) {
  const auto count = number_argument(a, 1);
  if (!count) return tl::unexpected(count.error());
  const auto cut = [&](const auto& items) {
    const auto size = static_cast<std::int64_t>(items.size());
    const auto at = items.begin() + std::clamp<std::int64_t>(*count, 0, size);
    return skips ? std::pair(at, items.end()) : std::pair(items.begin(), at);
  };
  if (a[0].is_array()) {
    const auto [begin, end] = cut(a[0].get_array());
    return json::array(begin, end);
  }
  if (!a[0].is_string()) return wrong_argument(0, a[0], "a text or an array");
  const auto all = characters_of(text_view(a[0]));
  std::string out;
  const auto [begin, end] = cut(all);
  for (auto at = begin; at != end; ++at) out += *at;
  return json::value(out);
}
Value skip(Arguments a) { return part(a, true); }
Value take(Arguments a) { return part(a, false); }

Value coalesce(Arguments a) {
  const auto found = std::ranges::find_if(a, [](const json::value& each) { return !each.is_null(); });
  return found == a.end() ? json::value() : *found;
}

Value equals(Arguments a) { return same_value(a[0], a[1]); }

Value read_json(Arguments a) {
  const auto given = text_argument(a, 0);
  if (!given) return tl::unexpected(given.error());
  return parse_json(*given);
}

Value null_value(Arguments) { return json::value(); }
Value true_value(Arguments) { return json::value(true); }
Value false_value(Arguments) { return json::value(false); }

constexpr std::array<Function, 18> list_table = {{
    {"length", 1, 1, length},
    {"first", 1, 1, first},
    {"last", 1, 1, last},
    {"empty", 1, 1, empty},
    {"contains", 2, 2, contains},
    {"union", 1, any_number, unite},
    {"intersection", 1, any_number, intersection},
    {"createArray", 0, any_number, create_array},
    {"createObject", 0, any_number, create_object},
    {"array", 1, 1, array},
    {"skip", 2, 2, skip},
    {"take", 2, 2, take},
    {"coalesce", 1, any_number, coalesce},
    {"equals", 2, 2, equals},
    {"json", 1, 1, read_json},
    {"null", 0, 0, null_value},
    {"true", 0, 0, true_value},
    {"false", 0, 0, false_value},
}};

}  // namespace

std::span<const Function> list_functions() { return list_table; }

}  // namespace peering::api::tmpl
