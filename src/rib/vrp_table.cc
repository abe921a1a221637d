#include "rib/vrp_table.h"

#include <algorithm>
#include <charconv>

namespace peering::rib {

namespace {

std::optional<net::Asn> asn_of(const json::value& value) {
  json::error_code wrong;
  if (value.is_number()) {
    const auto number = value.to_number<net::Asn>(wrong);
    return wrong ? std::nullopt : std::optional(number);
  }
  if (!value.is_string()) return std::nullopt;
  std::string_view text = value.get_string();
  if (text.starts_with("AS") || text.starts_with("as")) text.remove_prefix(2);
  net::Asn out = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (failed != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return out;
}

}  // namespace

void VrpTable::add(const net::Prefix& prefix, Vrp vrp) {
  vrp.length_max = std::max(vrp.length_max, prefix.length());
  by_prefix_[prefix].push_back(vrp);
  ++size_;
}

Validity VrpTable::validity(const net::Prefix& prefix, net::Asn origin) const {
  Validity out = Validity::not_found;
  by_prefix_.for_covering(prefix, [&](const net::Prefix&, const std::vector<Vrp>& vrps) {
    for (const Vrp& vrp : vrps) {
      const bool matches = vrp.asn == origin && origin != 0 && prefix.length() <= vrp.length_max;
      if (matches) out = Validity::valid;
      if (out == Validity::not_found) out = Validity::invalid;
    }
  });
  return out;
}

Result<void> VrpTable::add_json(const json::value& roas) {
  if (!roas.is_array()) return tl::unexpected(invalid("roas", json::serialize(roas), "a list"));
  std::size_t place = 0;
  for (const json::value& roa : roas.get_array()) {
    const std::string where = fmt::format("roas[{}]", place++);
    const auto text = find_string(roa, "prefix");
    const auto prefix = net::Prefix::parse_lenient(text.value_or(""));
    if (!prefix) return fail(prefix.error().code, "{}.{}", where, prefix.error().message);
    const json::value *asn = find(roa, "asn"), *length = find(roa, "maxLength");
    const auto number = asn ? asn_of(*asn) : std::nullopt;
    if (!number) {
      return tl::unexpected(
          invalid(where + ".asn", asn ? json::serialize(*asn) : "", "64500 or \"AS64500\""));
    }
    json::error_code wrong;
    const int length_max = length && length->is_number() ? length->to_number<int>(wrong) : prefix->length();
    const bool fits =
        !wrong && length_max >= prefix->length() && length_max <= net::address_bits(prefix->family());
    if (!fits || (length && !length->is_number())) {
      return tl::unexpected(invalid(where + ".maxLength", json::serialize(*length),
                                    "a length from the prefix's own to that of an address"));
    }
    add(*prefix, {*number, length_max});
  }
  return {};
}

}  // namespace peering::rib
