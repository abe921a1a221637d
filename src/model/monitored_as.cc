#include "model/monitored_as.h"

#include <algorithm>
#include <charconv>
#include <set>

namespace peering::model {

namespace {

constexpr std::string_view below_connection = "/providers/Open.Peering/asns/", alone = "asns/";

std::optional<net::Asn> asn_of(const json::value& value) {
  // Not what only rounds to a whole number.
  if (!value.is_int64() && !value.is_uint64()) return std::nullopt;
  json::error_code wrong;
  const auto out = value.to_number<net::Asn>(wrong);
  return wrong ? std::nullopt : std::optional(out);
}

class EntryReader {
 public:
  EntryReader(std::string_view where, bool strict, std::vector<std::string>& unknown)
      : where_(where), strict_(strict), unknown_(unknown) {}

  Result<MonitoredAs> read(const json::value& value) {
    if (!value.is_object()) return tl::unexpected(invalid(where_, json::serialize(value), "a JSON object"));
    for (const auto& part : value.get_object()) {
      if (!strict_ && part.value().is_null()) continue;
      member(std::string_view(part.key().data(), part.key().size()), part.value());
    }
    if (!named_) reject("asn", "", "every entry names its AS");
    if (error_) return tl::unexpected(*error_);
    return std::move(out_);
  }

 private:
  void reject(std::string_view key, std::string_view value, std::string_view rule) {
    if (!error_) error_ = invalid(fmt::format("{}.{}", where_, key), value, rule);
  }

  void member(std::string_view key, const json::value& value) {
    if (key == "asn") {
      const auto number = asn_of(value);
      named_ = true;
      // Nobody has AS 0 (RFC 7607): who asks the server to watch it means something else.
      if (!number || (strict_ && *number == 0)) return reject(key, json::serialize(value), "an AS number");
      out_.asn = *number;
    } else if (key == "upstreams") {
      out_.upstreams = neighbors(key, value);
    } else if (key == "downstreams") {
      out_.downstreams = neighbors(key, value);
    } else if (key == "group" && (strict_ || value.is_string())) {
      out_.group = text(key, value);
    } else if (key == "description") {
      if (strict_ || value.is_string()) out_.description = text(key, value);
    } else if (strict_) {
      reject(key, json::serialize(value), "an entry has asn, upstreams, downstreams, group and description");
    } else {
      unknown_.push_back(fmt::format("asns.{}", key));
    }
  }

  std::vector<net::Asn> neighbors(std::string_view key, const json::value& value) {
    std::vector<net::Asn> out;
    if (!value.is_array()) {
      reject(key, json::serialize(value), "a list");
      return out;
    }
    const std::size_t count = value.get_array().size();
    if (strict_ && count > monitored_neighbors_max) {
      reject(key, fmt::format("{} AS numbers", count), fmt::format("at most {}", monitored_neighbors_max));
      return out;
    }
    for (const json::value& item : value.get_array()) {
      const auto number = asn_of(item);
      if (!number) reject(key, json::serialize(item), "a list of AS numbers from 0 to 4294967295");
      out.push_back(number.value_or(0));
    }
    return out;
  }

  std::string text(std::string_view key, const json::value& value) {
    if (!value.is_string()) reject(key, json::serialize(value), "a text");
    return value.is_string() ? std::string(value.get_string()) : std::string();
  }

  std::string_view where_;
  bool strict_;
  std::vector<std::string>& unknown_;
  MonitoredAs out_;
  bool named_ = false;
  std::optional<Error> error_;
};

json::array asn_numbers(const std::vector<net::Asn>& asns) {
  json::array out;
  for (const net::Asn asn : asns) out.push_back(asn);
  return out;
}

}  // namespace

Result<MonitoredAs> monitored_as_from_json(const json::value& value, std::string_view where, bool strict,
                                           std::vector<std::string>& unknown) {
  return EntryReader(where, strict, unknown).read(value);
}

Result<MonitoredAsList> monitored_ases_from_json(const json::value& value) {
  if (!value.is_array()) return tl::unexpected(invalid("asns", json::serialize(value), "a list"));
  const json::array& rows = value.get_array();
  if (rows.size() > monitored_ases_max) {
    return tl::unexpected(invalid("asns", fmt::format("{} entries", rows.size()),
                                  fmt::format("at most {}", monitored_ases_max)));
  }
  auto out = std::make_shared<std::vector<MonitoredAs>>();
  std::set<std::pair<net::Asn, std::string>> known;
  std::vector<std::string> unknown;
  for (const json::value& row : rows) {
    const std::string where = fmt::format("asns[{}]", out->size());
    auto as = monitored_as_from_json(row, where, true, unknown);
    if (!as) return tl::unexpected(as.error());
    if (!known.emplace(as->asn, as->group).second) {
      return tl::unexpected(
          invalid(where + ".asn", std::to_string(as->asn), "each AS once, or once for each group"));
    }
    out->push_back(std::move(*as));
  }
  return out->empty() ? MonitoredAsList() : MonitoredAsList{std::move(out)};
}

json::value to_json(const MonitoredAs& as) {
  json::object out{{"asn", as.asn}};
  if (as.upstreams) out["upstreams"] = asn_numbers(*as.upstreams);
  if (as.downstreams) out["downstreams"] = asn_numbers(*as.downstreams);
  if (!as.group.empty()) out["group"] = as.group;
  if (!as.description.empty()) out["description"] = as.description;
  return out;
}

json::array to_json(const MonitoredAsList& list) {
  json::array out;
  if (!list.entries) return out;
  for (const MonitoredAs& as : *list.entries) out.push_back(to_json(as));
  return out;
}

std::string monitored_resource(std::string_view connection, const MonitoredAs& as) {
  if (connection.empty()) return fmt::format("{}{}/{}", alone, as.asn, as.group);
  return fmt::format("{}{}{}{}{}", connection, below_connection, as.asn, as.group.empty() ? "" : "/",
                     as.group);
}

std::optional<std::pair<net::Asn, std::string_view>> monitored_of_resource(std::string_view resource) {
  // A group may contain anything: the first place counts, as no connection's id has one.
  const std::size_t at = resource.find(below_connection);
  if (at != std::string_view::npos) {
    resource.remove_prefix(at + below_connection.size());
  } else if (resource.starts_with(alone)) {
    resource.remove_prefix(alone.size());
  } else {
    return std::nullopt;
  }
  net::Asn asn = 0;
  const auto [end, wrong] = std::from_chars(resource.data(), resource.data() + resource.size(), asn);
  if (wrong != std::errc()) return std::nullopt;
  resource.remove_prefix(static_cast<std::size_t>(end - resource.data()));
  if (resource.starts_with('/')) resource.remove_prefix(1);
  return std::pair(asn, resource);
}

}  // namespace peering::model
