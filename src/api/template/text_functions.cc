// Texts: concat, format, replace, …
#include <algorithm>
#include <array>
#include <charconv>

#include "api/template/functions.h"
#include "base/digest.h"
#include "model/registry.h"

namespace peering::api::tmpl {

namespace {

using Value = Result<json::value>;

Value text(std::string out) {
  if (out.size() > text_bytes_max) {
    return fail(ErrorCode::limit_exceeded, "a text has at most {} bytes", text_bytes_max);
  }
  return json::value(out);
}

// As `string` and `concat` write a value.
std::string written(const json::value& value) {
  if (const auto* string = value.if_string()) return std::string(string->data(), string->size());
  if (value.is_bool()) return value.get_bool() ? "True" : "False";
  if (value.is_null()) return "";
  return json::serialize(value);
}

// Where the code point of the number begins; the size when there are fewer.
std::size_t offset_of(std::string_view text, std::int64_t number) {
  std::size_t at = 0;
  while (at < text.size() && number > 0) {
    ++at;
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80) ++at;
    --number;
  }
  return at;
}

std::int64_t characters(std::string_view text) {
  return std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; });
}

Value concat(Arguments a) {
  if (a[0].is_array()) {
    json::array out;
    for (std::size_t i = 0; i < a.size(); ++i) {
      if (!a[i].is_array()) return wrong_argument(i, a[i], "an array, as the first one");
      out.insert(out.end(), a[i].get_array().begin(), a[i].get_array().end());
    }
    return out;
  }
  std::string out;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i].is_array() || a[i].is_object()) return wrong_argument(i, a[i], "a text, as the first one");
    out += written(a[i]);
  }
  return text(std::move(out));
}

// {0} and {{, as much of .NET's composite formats as templates are seen to use.
Value format(Arguments a) {
  const auto form = text_argument(a, 0);
  if (!form) return tl::unexpected(form.error());
  std::string out;
  for (std::size_t i = 0; i < form->size(); ++i) {
    const char c = (*form)[i];
    if ((c == '{' || c == '}') && i + 1 < form->size() && (*form)[i + 1] == c) {
      out += (*form)[++i];
      continue;
    }
    if (c != '{' && c != '}') {
      out += c;
      continue;
    }
    const std::size_t end = form->find('}', i);
    std::size_t number = 0;
    if (c == '}' || end == std::string::npos) return wrong_argument(0, a[0], "a format with {0}, {1}, …");
    const auto read = std::from_chars(form->data() + i + 1, form->data() + end, number);
    if (read.ec != std::errc() || read.ptr != form->data() + end) {
      return wrong_argument(0, a[0], "a format whose places are plain numbers, as {0}");
    }
    if (number + 1 >= a.size()) return wrong_argument(0, a[0], "a format with no more places than arguments");
    out += written(a[number + 1]);
    if (out.size() > text_bytes_max) break;
    i = end;
  }
  return text(std::move(out));
}

Value to_lower(Arguments a) {
  auto given = text_argument(a, 0);
  if (!given) return tl::unexpected(given.error());
  return text(model::lower(*given));
}

Value to_upper(Arguments a) {
  auto given = text_argument(a, 0);
  if (!given) return tl::unexpected(given.error());
  for (char& c : *given) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return text(std::move(*given));
}

Value trim(Arguments a) {
  const auto given = text_argument(a, 0);
  if (!given) return tl::unexpected(given.error());
  const std::size_t start = given->find_first_not_of(" \t\r\n"), end = given->find_last_not_of(" \t\r\n");
  return text(start == std::string::npos ? "" : given->substr(start, end - start + 1));
}

Value replace(Arguments a) {
  const auto given = text_argument(a, 0), what = text_argument(a, 1), by = text_argument(a, 2);
  for (const auto* each : {&given, &what, &by}) {
    if (!*each) return tl::unexpected(each->error());
  }
  if (what->empty()) return wrong_argument(1, a[1], "a text that is not empty");
  std::string out;
  std::size_t from = 0;
  for (std::size_t at = given->find(*what); at != std::string::npos; at = given->find(*what, from)) {
    out += given->substr(from, at - from) + *by;
    from = at + what->size();
    if (out.size() > text_bytes_max) break;
  }
  return text(out + given->substr(from));
}

Value split(Arguments a) {
  const auto given = text_argument(a, 0);
  if (!given) return tl::unexpected(given.error());
  std::vector<std::string> delimiters;
  const json::array one{a[1]};
  for (const json::value& each : a[1].is_array() ? a[1].get_array() : one) {
    if (!each.is_string() || each.get_string().empty()) {
      return wrong_argument(1, a[1], "a text that is not empty, or an array of such");
    }
    delimiters.emplace_back(each.get_string());
  }
  json::array out;
  std::string piece;
  for (std::size_t at = 0; at < given->size();) {
    const auto here = std::ranges::find_if(
        delimiters, [&](const std::string& each) { return given->compare(at, each.size(), each) == 0; });
    if (here == delimiters.end()) {
      piece += (*given)[at++];
      continue;
    }
    at += here->size();
    out.emplace_back(std::exchange(piece, {}));
    if (out.size() > items_max)
      return fail(ErrorCode::limit_exceeded, "an array has at most {} items", items_max);
  }
  out.emplace_back(piece);
  return out;
}

Value join(Arguments a) {
  if (!a[0].is_array()) return wrong_argument(0, a[0], "an array");
  const auto by = text_argument(a, 1);
  if (!by) return tl::unexpected(by.error());
  std::string out;
  for (const json::value& item : a[0].get_array()) {
    if (&item != a[0].get_array().data()) out += *by;
    out += written(item);
    if (out.size() > text_bytes_max) break;
  }
  return text(std::move(out));
}

Value substring(Arguments a) {
  const auto given = text_argument(a, 0);
  if (!given) return tl::unexpected(given.error());
  const auto start = number_argument(a, 1);
  if (!start) return tl::unexpected(start.error());
  const std::int64_t all = characters(*given);
  const auto length = a.size() > 2 ? number_argument(a, 2) : Result<std::int64_t>(all - *start);
  if (!length) return tl::unexpected(length.error());
  if (*start < 0 || *start > all) return wrong_argument(1, a[1], "an index in the text");
  if (*length < 0 || *length > all - *start) {
    return wrong_argument(2, a.size() > 2 ? a[2] : a[1], "a length that ends in the text");
  }
  const std::size_t first = offset_of(*given, *start), last = offset_of(*given, *start + *length);
  return text(given->substr(first, last - first));
}

Value index_of(Arguments a, bool last) {
  const auto given = text_argument(a, 0), what = text_argument(a, 1);
  if (!given) return tl::unexpected(given.error());
  if (!what) return tl::unexpected(what.error());
  const std::string in = model::lower(*given), searched = model::lower(*what);
  const std::size_t at = last ? in.rfind(searched) : in.find(searched);
  return at == std::string::npos ? -1 : characters(std::string_view(in).substr(0, at));
}
Value first_index_of(Arguments a) { return index_of(a, false); }
Value last_index_of(Arguments a) { return index_of(a, true); }

Value starts_with(Arguments a) {
  const auto given = text_argument(a, 0), what = text_argument(a, 1);
  if (!given) return tl::unexpected(given.error());
  if (!what) return tl::unexpected(what.error());
  return model::lower(*given).starts_with(model::lower(*what));
}

Value ends_with(Arguments a) {
  const auto given = text_argument(a, 0), what = text_argument(a, 1);
  if (!given) return tl::unexpected(given.error());
  if (!what) return tl::unexpected(what.error());
  return model::lower(*given).ends_with(model::lower(*what));
}

Value pad_left(Arguments a) {
  if (!a[0].is_string() && !a[0].is_int64()) return wrong_argument(0, a[0], "a text or a whole number");
  const auto width = number_argument(a, 1);
  if (!width) return tl::unexpected(width.error());
  const auto by = a.size() > 2 ? text_argument(a, 2) : Result<std::string>(" ");
  if (!by) return tl::unexpected(by.error());
  if (*width < 0 || *width > 65'536) return wrong_argument(1, a[1], "a width from 0 to 65536");
  if (characters(*by) != 1) return wrong_argument(2, a[2], "one character");
  const std::string given = written(a[0]);
  std::string out;
  for (std::int64_t i = characters(given); i < *width; ++i) out += *by;
  return text(out + given);
}

Value string(Arguments a) { return text(written(a[0])); }

std::string joined(Arguments a, Error& wrong) {
  std::string out;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const auto each = text_argument(a, i);
    if (!each) wrong = each.error();
    // Lengths keep ('ab', 'c') and ('a', 'bc') apart.
    out += std::to_string(each.value_or("").size()) + ":" + each.value_or("");
  }
  return out;
}

// Azure does not say how it makes them; these too depend on the arguments alone and look alike.
Value unique_string(Arguments a) {
  Error wrong{ErrorCode::internal, ""};
  const Sha256 hash = sha256("uniqueString " + joined(a, wrong));
  if (!wrong.message.empty()) return tl::unexpected(wrong);
  constexpr std::string_view alphabet = "abcdefghijklmnopqrstuvwxyz234567";
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < 8; ++i) bits = bits << 8 | hash[i];
  std::string out;
  for (int i = 0; i < 12; ++i, bits >>= 5) out += alphabet[bits & 31];
  return text(out + alphabet[bits & 15]);
}

// A UUID of version 8 (RFC 9562 section 5.8): our own digest of the arguments.
Value guid(Arguments a) {
  Error wrong{ErrorCode::internal, ""};
  Sha256 hash = sha256("guid " + joined(a, wrong));
  if (!wrong.message.empty()) return tl::unexpected(wrong);
  hash[6] = static_cast<std::uint8_t>((hash[6] & 0x0f) | 0x80);
  hash[8] = static_cast<std::uint8_t>((hash[8] & 0x3f) | 0x80);
  std::string out = to_hex(std::span(hash).first(16));
  for (const std::size_t at : {20, 16, 12, 8}) out.insert(at, "-");
  return text(std::move(out));
}

constexpr std::array<Function, 17> text_table = {{
    {"concat", 1, any_number, concat},
    {"format", 1, any_number, format},
    {"toLower", 1, 1, to_lower},
    {"toUpper", 1, 1, to_upper},
    {"trim", 1, 1, trim},
    {"replace", 3, 3, replace},
    {"split", 2, 2, split},
    {"join", 2, 2, join},
    {"substring", 2, 3, substring},
    {"indexOf", 2, 2, first_index_of},
    {"lastIndexOf", 2, 2, last_index_of},
    {"startsWith", 2, 2, starts_with},
    {"endsWith", 2, 2, ends_with},
    {"padLeft", 2, 3, pad_left},
    {"string", 1, 1, string},
    {"uniqueString", 1, any_number, unique_string},
    {"guid", 1, any_number, guid},
}};

}  // namespace

std::span<const Function> text_functions() { return text_table; }

}  // namespace peering::api::tmpl
