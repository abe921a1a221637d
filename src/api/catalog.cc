#include "api/catalog.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>

#include "api/arm/names.h"
#include "api/embedded.h"
#include "base/json.h"
#include "model/registry.h"

namespace peering::api {

namespace {

constexpr std::size_t file_bytes_max = 16 * 1024 * 1024;

// Walks the document and keeps the first error.
class Reader {
 public:
  std::optional<Error> error;

  void reject(std::string_view field, std::string_view value, std::string_view rule) {
    if (!error) error = invalid(field, value, rule);
  }
  std::string text(const json::value& object, std::string_view key, std::string_view path, bool required) {
    const json::value* member = find(object, key);
    const std::string field = fmt::format("{}.{}", path, key);
    if (!member) {
      if (required) reject(field, "", "it is required");
      return {};
    }
    if (!member->is_string()) {
      reject(field, json::serialize(*member), "a text");
      return {};
    }
    std::string out(member->get_string());
    if (out.empty()) reject(field, out, "not empty");
    return out;
  }
  const json::array& list(const json::value& object, std::string_view key, std::string_view path,
                          bool required) {
    static const json::array none;
    const json::value* member = find(object, key);
    const std::string field = fmt::format("{}.{}", path, key);
    if (!member && required) reject(field, "", "it is required");
    if (member && !member->is_array()) reject(field, json::serialize(*member), "a list");
    return member && member->is_array() ? member->get_array() : none;
  }
  void keys(const json::value& value, std::string_view path, std::initializer_list<std::string_view> known) {
    if (!value.is_object()) return reject(path, json::serialize(value), "an object");
    for (const auto& member : value.get_object()) {
      const std::string_view key(member.key().data(), member.key().size());
      if (std::ranges::find(known, key) == known.end()) reject(path, key, "no such key is known");
    }
  }
};

void read_country(Reader& reader, const json::value& value, const std::string& path, Catalog& out) {
  reader.keys(value, path, {"name", "states"});
  const std::string country = reader.text(value, "name", path, true);
  out.countries.push_back(country);
  std::set<std::string> seen;
  std::size_t index = 0;
  for (const json::value& state : reader.list(value, "states", path, true)) {
    const std::string where = fmt::format("{}.states[{}]", path, index++);
    reader.keys(state, where, {"name", "region"});
    ServiceLocation location{country, reader.text(state, "name", where, true),
                             reader.text(state, "region", where, false)};
    if (!seen.insert(model::lower(location.state)).second) {
      reader.reject(where + ".name", location.state, "a state is listed once in its country");
    }
    out.locations.push_back(std::move(location));
  }
}

void read_provider(Reader& reader, const json::value& value, const std::string& path, Catalog& out) {
  reader.keys(value, path, {"name", "metros", "asns"});
  ServiceProvider provider;
  provider.name = reader.text(value, "name", path, true);
  for (const json::value& metro : reader.list(value, "metros", path, true)) {
    if (!metro.is_string() || metro.get_string().empty()) {
      reader.reject(path + ".metros", json::serialize(metro), "a list of names");
    } else {
      provider.metros.emplace_back(metro.get_string());
    }
  }
  for (const json::value& asn : reader.list(value, "asns", path, false)) {
    json::error_code wrong;
    const auto number = asn.is_number() ? asn.to_number<net::Asn>(wrong) : 0;
    if (wrong || number == 0) {
      reader.reject(path + ".asns", json::serialize(asn), "AS numbers from 1 to 4294967295");
    }
    provider.asns.push_back(number);
  }
  if (out.find_provider(provider.name)) {
    reader.reject(path + ".name", provider.name, "a provider is listed once (names compare without case)");
  }
  out.providers.push_back(std::move(provider));
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

}  // namespace

bool ServiceProvider::has_metro(std::string_view metro) const {
  return std::ranges::any_of(metros, [&](const std::string& each) { return arm::same_name(each, metro); });
}

const ServiceProvider* Catalog::find_provider(std::string_view name) const {
  const auto found = std::ranges::find_if(
      providers, [&](const ServiceProvider& provider) { return arm::same_name(provider.name, name); });
  return found == providers.end() ? nullptr : &*found;
}

bool Catalog::has_location(std::string_view state) const {
  // The public service serves "Kuala Lumpur " with a trailing blank: clients send it with and without.
  return std::ranges::any_of(locations, [&](const ServiceLocation& location) {
    return arm::same_name(trimmed(location.state), trimmed(state));
  });
}

Result<Catalog> parse_catalog(std::string_view text) {
  const auto value = parse_json(text);
  if (!value) return fail(ErrorCode::invalid_argument, "catalogue: {}", value.error().message);
  Reader reader;
  Catalog out;
  reader.keys(*value, "catalogue", {"source", "countries", "providers"});
  out.source = reader.text(*value, "source", "catalogue", false);
  std::size_t index = 0;
  for (const json::value& country : reader.list(*value, "countries", "catalogue", true)) {
    read_country(reader, country, fmt::format("catalogue.countries[{}]", index++), out);
  }
  index = 0;
  for (const json::value& provider : reader.list(*value, "providers", "catalogue", true)) {
    read_provider(reader, provider, fmt::format("catalogue.providers[{}]", index++), out);
  }
  std::ranges::sort(out.countries);
  if (const auto twice = std::ranges::adjacent_find(out.countries); twice != out.countries.end()) {
    reader.reject("catalogue.countries", *twice, "a country is listed once");
  }
  if (reader.error) return tl::unexpected(*reader.error);
  return out;
}

Result<Catalog> load_catalog(const std::string& path) {
  if (path.empty()) return parse_catalog(embedded_catalog());
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(ErrorCode::io, "catalogue file '{}' cannot be read", path);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  if (file.bad()) return fail(ErrorCode::io, "catalogue file '{}' cannot be read", path);
  if (text.size() > file_bytes_max) {
    return fail(ErrorCode::limit_exceeded, "catalogue file '{}' is larger than 16 MiB", path);
  }
  auto out = parse_catalog(text);
  if (!out) return fail(out.error().code, "catalogue file '{}': {}", path, out.error().message);
  return out;
}

}  // namespace peering::api
