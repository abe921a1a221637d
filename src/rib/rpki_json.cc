#include "rib/rpki_json.h"

#include <charconv>

namespace peering::rib {

namespace {

constexpr std::int64_t last_second = 253'402'300'800;  // the year 10000

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

tl::unexpected<Error> wrong_asn(std::string_view field, const json::value* value) {
  return tl::unexpected(invalid(field, value ? json::serialize(*value) : "", "64500 or \"AS64500\""));
}

Result<Vrp> vrp_of(std::string_view where, const json::value& roa) {
  const auto prefix = net::Prefix::parse_lenient(find_string(roa, "prefix").value_or(""));
  if (!prefix) return fail(prefix.error().code, "{}.{}", where, prefix.error().message);
  const json::value *asn = find(roa, "asn"), *length = find(roa, "maxLength");
  const auto number = asn ? asn_of(*asn) : std::nullopt;
  if (!number) return wrong_asn(fmt::format("{}.asn", where), asn);
  json::error_code wrong;
  const int length_max = length && length->is_number() ? length->to_number<int>(wrong) : prefix->length();
  const bool fits =
      !wrong && length_max >= prefix->length() && length_max <= net::address_bits(prefix->family());
  if (!fits || (length && !length->is_number())) {
    return tl::unexpected(invalid(fmt::format("{}.maxLength", where), json::serialize(*length),
                                  "a length from the prefix's own to that of an address"));
  }
  return Vrp{*prefix, static_cast<std::uint8_t>(length_max), *number};
}

Result<wire::rtr::Aspa> aspa_of(std::string_view where, const json::value& value) {
  const json::value* customer = find(value, "customer_asid");
  if (!customer) customer = find(value, "customer");
  const auto number = customer ? asn_of(*customer) : std::nullopt;
  if (!number) return wrong_asn(fmt::format("{}.customer", where), customer);
  const json::value* providers = find(value, "providers");
  if (!providers || !providers->is_array()) {
    return tl::unexpected(
        invalid(fmt::format("{}.providers", where), providers ? json::serialize(*providers) : "", "a list"));
  }
  wire::rtr::Aspa out{*number, {}, wire::rtr::AspaScope::both};
  for (const json::value& item : providers->get_array()) {
    const auto provider = asn_of(item);
    if (!provider) return wrong_asn(fmt::format("{}.providers", where), &item);
    out.providers.push_back(*provider);
  }
  return out;
}

template <class Value, class Read>
Result<std::vector<Value>> list_of(std::string_view name, const json::value& list, Read read) {
  if (!list.is_array()) return tl::unexpected(invalid(name, json::serialize(list), "a list"));
  std::vector<Value> out;
  out.reserve(list.get_array().size());
  for (const json::value& item : list.get_array()) {
    auto value = read(item);
    if (!value) {
      // Only now: the place's text costs as much as reading it.
      value = read(item, fmt::format("{}[{}]", name, out.size()));
      return tl::unexpected(value.error());
    }
    out.push_back(std::move(*value));
  }
  return out;
}

// Who vouches for each payload, and for how long. The list was read well before.
void read_provenance(const json::array& roas, RpkiData& out) {
  for (std::size_t i = 0; i < roas.size(); ++i) {
    if (const auto anchor = find_string(roas[i], "ta")) ++out.by_trust_anchor[std::string(*anchor)];
    const json::value* expires = find(roas[i], "expires");
    json::error_code wrong;
    const auto second = expires && expires->is_number() ? expires->to_number<std::int64_t>(wrong) : 0;
    if (!wrong && second > 0 && second < last_second) {
      out.expiries.push_back({out.vrps[i], time_from_us(second * 1'000'000)});
    }
  }
}

}  // namespace

Result<std::vector<Vrp>> vrps_from_json(const json::value& roas) {
  return list_of<Vrp>(
      "roas", roas, [](const json::value& item, std::string_view where = "") { return vrp_of(where, item); });
}

Result<std::vector<wire::rtr::Aspa>> aspas_from_json(const json::value& aspas) {
  return list_of<wire::rtr::Aspa>("aspas", aspas, [](const json::value& item, std::string_view where = "") {
    return aspa_of(where, item);
  });
}

Result<RpkiData> rpki_from_json(std::string_view text) {
  const auto root = parse_json(text);
  if (!root) return tl::unexpected(root.error());
  RpkiData out;
  const json::value* roas = root->is_array() ? &*root : find(*root, "roas");
  std::vector<const json::value*> lists{find(*root, "aspas")};
  if (const json::value* old = find(*root, "provider_authorizations")) {
    lists.push_back(find(*old, "ipv4"));
    lists.push_back(find(*old, "ipv6"));
  }
  std::erase(lists, nullptr);
  if (!roas && lists.empty()) {
    return fail(ErrorCode::invalid_argument, "neither a list `roas` nor a list `aspas` is in it");
  }
  if (roas) {
    auto vrps = vrps_from_json(*roas);
    if (!vrps) return tl::unexpected(vrps.error());
    out.vrps = std::move(*vrps);
    read_provenance(roas->get_array(), out);
  }
  for (const json::value* list : lists) {
    const auto aspas = aspas_from_json(*list);
    if (!aspas) return tl::unexpected(aspas.error());
    out.aspas.insert(out.aspas.end(), aspas->begin(), aspas->end());
  }
  return out;
}

}  // namespace peering::rib
