#include "cli/peeringdb.h"

#include <algorithm>
#include <cctype>
#include <limits>

#include "net/prefix.h"

namespace peering::cli {

namespace {

using Id = PeeringDb::Id;

constexpr std::size_t complaints_max = 20;
constexpr std::size_t field_bytes_max = 200;

std::string shown(const json::value* value) {
  if (!value) return "";
  const json::string* text = value->if_string();
  return text ? std::string(text->data(), text->size()) : pretty(*value);
}

tl::unexpected<Error> wrong(std::string_view field, const json::value* value, std::string_view rule) {
  return tl::unexpected(invalid(field, shown(value), rule));
}

Result<std::int64_t> number_of(const DumpRow& row, std::string_view key, std::int64_t most) {
  const json::value* value = row.member(key);
  const std::int64_t* number = value ? value->if_int64() : nullptr;
  if (number && *number >= 1 && *number <= most) return *number;
  return wrong(key, value, fmt::format("a number from 1 to {}", most));
}

Result<Id> id_of(const DumpRow& row, std::string_view key) {
  const auto number = number_of(row, key, std::numeric_limits<Id>::max());
  if (!number) return tl::unexpected(number.error());
  return static_cast<Id>(*number);
}

// Without blanks around it, and with single ones inside.
std::string tidied(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool blank = static_cast<unsigned char>(c) <= 0x20 || c == 0x7f;
    if (!blank) {
      out += c;
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
  if (out.ends_with(' ')) out.pop_back();
  return out;
}

Result<std::string> text_of(const DumpRow& row, std::string_view key, bool required) {
  const json::value* value = row.member(key);
  if (value && !value->is_string() && !value->is_null()) return wrong(key, value, "a text");
  std::string text = value && value->is_string() ? tidied(std::string_view(value->get_string())) : "";
  if (text.empty() && required) return wrong(key, value, "it is required");
  if (text.size() > field_bytes_max) return wrong(key, value, "at most 200 bytes");
  return text;
}

Result<std::string> country_of(const DumpRow& row) {
  auto text = text_of(row, "country", true);
  if (!text) return text;
  const auto is_letter = [](char c) { return c >= 'A' && c <= 'Z'; };
  if (text->size() == 2 && std::ranges::all_of(*text, is_letter)) return text;
  return wrong("country", row.member("country"), "an ISO 3166 code of two capital letters");
}

Result<std::optional<double>> degrees_of(const DumpRow& row, std::string_view key, double most) {
  const json::value* value = row.member(key);
  if (!value || value->is_null()) return std::optional<double>{};
  json::error_code error;
  const double out = value->is_number() ? value->to_number<double>(error) : most + 1;
  if (!error && out >= -most && out <= most) return std::optional<double>(out);
  return wrong(key, value, fmt::format("degrees from -{0} to {0}", most));
}

Result<std::optional<api::Coordinates>> coordinates_of(const DumpRow& row) {
  const auto latitude = degrees_of(row, "latitude", 90);
  if (!latitude) return tl::unexpected(latitude.error());
  const auto longitude = degrees_of(row, "longitude", 180);
  if (!longitude) return tl::unexpected(longitude.error());
  if (latitude->has_value() != longitude->has_value()) {
    return wrong(*latitude ? "longitude" : "latitude", nullptr, "latitude and longitude are given together");
  }
  if (!*latitude) return std::optional<api::Coordinates>{};
  return std::optional<api::Coordinates>({**latitude, **longitude});
}

}  // namespace

void PeeringDbReader::take(const DumpRow& row) {
  Counts& counts = counts_[row.type];
  ++counts.rows;
  const json::value* status = row.member("status");
  if (status && *status != "ok") {
    ++counts.inactive;
    return;
  }
  const auto id = id_of(row, "id");
  const auto done = id ? read(row, *id) : Result<void>(tl::unexpected(id.error()));
  if (done) return;
  ++counts.malformed;
  if (complaints_.size() == complaints_max) return;
  complaints_.push_back(fmt::format("{} {}: {}", row.type, shown(row.member("id")), done.error().message));
}

Result<void> PeeringDbReader::read(const DumpRow& row, Id id) {
  if (row.type == "fac") return read_facility(row, id);
  if (row.type == "ix") return read_exchange(row, id);
  if (row.type == "net") return read_network(row, id);
  if (row.type == "ixfac") return read_pair(row, "ix_id", "fac_id", out_.exchange_facilities);
  if (row.type == "netfac") return read_presence(row, "local_asn", "fac_id", out_.network_facilities);
  if (row.type == "netixlan") return read_presence(row, "asn", "ix_id", out_.network_exchanges);
  if (row.type == "ixpfx") return read_prefix(row);
  if (row.type != "ixlan") return {};
  const auto exchange = id_of(row, "ix_id");
  if (!exchange) return tl::unexpected(exchange.error());
  exchange_of_lan_[id] = *exchange;
  return {};
}

Result<void> PeeringDbReader::read_facility(const DumpRow& row, Id id) {
  PeeringDb::Facility out;
  const auto name = text_of(row, "name", true), city = text_of(row, "city", true);
  const auto address = text_of(row, "address1", false), state = text_of(row, "state", false);
  const auto country = country_of(row);
  for (const auto* text : {&name, &city, &address, &state, &country}) {
    if (!*text) return tl::unexpected(text->error());
  }
  const auto coordinates = coordinates_of(row);
  if (!coordinates) return tl::unexpected(coordinates.error());
  out_.facilities[id] = {*name, address->empty() ? *name : *address, *city, *state, *country, *coordinates};
  return {};
}

Result<void> PeeringDbReader::read_exchange(const DumpRow& row, Id id) {
  const auto name = text_of(row, "name", true), city = text_of(row, "city", false);
  const auto country = country_of(row);
  for (const auto* text : {&name, &city, &country}) {
    if (!*text) return tl::unexpected(text->error());
  }
  out_.exchanges[id] = {*name, *city, *country, "", ""};
  return {};
}

Result<void> PeeringDbReader::read_network(const DumpRow& row, Id id) {
  const auto name = text_of(row, "name", true);
  if (!name) return tl::unexpected(name.error());
  const auto asn = number_of(row, "asn", std::numeric_limits<net::Asn>::max());
  if (!asn) return tl::unexpected(asn.error());
  const auto number = static_cast<net::Asn>(*asn);
  if (asns_.empty() || asns_.contains(number)) out_.networks[id] = {*name, number};
  return {};
}

Result<void> PeeringDbReader::read_pair(const DumpRow& row, std::string_view first, std::string_view second,
                                        PeeringDb::Pairs& out) {
  const auto one = id_of(row, first), other = id_of(row, second);
  if (!one) return tl::unexpected(one.error());
  if (!other) return tl::unexpected(other.error());
  out.emplace(*one, *other);
  return {};
}

Result<void> PeeringDbReader::read_presence(const DumpRow& row, std::string_view asn, std::string_view at,
                                            PeeringDb::Pairs& out) {
  const auto number = number_of(row, asn, std::numeric_limits<net::Asn>::max());
  if (!number) return tl::unexpected(number.error());
  if (!asns_.empty() && !asns_.contains(static_cast<net::Asn>(*number))) return {};
  return read_pair(row, "net_id", at, out);
}

Result<void> PeeringDbReader::read_prefix(const DumpRow& row) {
  const auto lan = id_of(row, "ixlan_id");
  if (!lan) return tl::unexpected(lan.error());
  const auto text = text_of(row, "prefix", true);
  if (!text) return tl::unexpected(text.error());
  const auto prefix = net::Prefix::parse(*text);
  if (!prefix) return wrong("prefix", row.member("prefix"), "an IPv4 or IPv6 prefix without host bits");
  auto& [v4, v6] = prefixes_of_lan_[*lan];
  std::string& out = prefix->address().is_v4() ? v4 : v6;
  if (out.empty()) out = prefix->to_string();
  return {};
}

PeeringDb PeeringDbReader::finish() {
  for (const auto& [lan, prefixes] : prefixes_of_lan_) {
    const auto exchange = exchange_of_lan_.find(lan);
    if (exchange == exchange_of_lan_.end()) continue;
    const auto found = out_.exchanges.find(exchange->second);
    if (found == out_.exchanges.end()) continue;
    if (found->second.ipv4_prefix.empty()) found->second.ipv4_prefix = prefixes.first;
    if (found->second.ipv6_prefix.empty()) found->second.ipv6_prefix = prefixes.second;
  }
  return std::move(out_);
}

}  // namespace peering::cli
