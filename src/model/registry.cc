#include "model/registry.h"

#include <algorithm>
#include <span>

namespace peering::model {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return out;
}

bool Expectation::allows_origin(net::Asn asn) const {
  return any_origin ||
         std::any_of(origins.begin(), origins.end(), [&](const AsnRange& r) { return r.contains(asn); });
}

RegistryDifference difference(const Registry& before, const Registry& after) {
  RegistryDifference out;
  const auto differ = [](const auto* was, const auto* is) { return !was || !is || **was != **is; };
  using Prefixes = decltype(before.prefixes);
  Prefixes::difference(before.prefixes, after.prefixes,
                       [&](const auto& key, const auto* was, const auto* is) {
                         if (!differ(was, is)) return;
                         out.prefixes.push_back({key.id(), was ? *was : nullptr, is ? *is : nullptr});
                       });
  using Connections = decltype(before.connections);
  Connections::difference(before.connections, after.connections,
                          [&](const auto& key, const auto* was, const auto* is) {
                            if (differ(was, is)) out.connections.push_back(key);
                          });
  return out;
}

namespace {

// AS numbers that one range may stand for where a list is kept.
constexpr net::Asn range_numbers_max = 10'000;

// Collects the first error while members are read one after the other.
struct Reader {
  // A file that somebody else's program wrote is understood where its meaning is plain, also where the API
  // would ask for another form.
  bool lenient = false;
  std::optional<Error> error;
  std::vector<std::string> unknown;  // keys

  void reject(std::string_view field, const json::value& value, std::string_view rule) {
    if (!error) error = invalid(field, json::serialize(value), rule);
  }
  std::uint32_t number(std::string_view field, const json::value& value) {
    // Not what only rounds to one, such as 1e-400.
    const bool whole = value.is_int64() || value.is_uint64();
    json::error_code wrong;
    const auto out = whole ? value.to_number<std::uint32_t>(wrong) : 0;
    if (wrong || !whole) reject(field, value, "an AS number from 0 to 4294967295");
    return wrong ? 0 : out;
  }
  bool boolean(std::string_view field, const json::value& value) {
    if (!value.is_bool()) reject(field, value, "true or false");
    return value.is_bool() && value.get_bool();
  }
  std::string text(std::string_view field, const json::value& value) {
    if (!value.is_string()) reject(field, value, "a text");
    return value.is_string() ? std::string(value.get_string()) : std::string();
  }
  template <class Visit>
  void each(std::string_view field, const json::value& value, Visit visit) {
    if (!value.is_array()) return reject(field, value, "a list");
    for (const json::value& item : value.get_array()) visit(item);
  }
  std::vector<net::Asn> numbers(std::string_view field, const json::value& value) {
    std::vector<net::Asn> out;
    each(field, value, [&](const json::value& item) {
      if (!lenient || !item.is_object()) return out.push_back(number(field, item));
      const AsnRange range = this->range(field, item);
      if (range.to - range.from >= range_numbers_max) {
        return reject(field, item, fmt::format("a range of at most {} AS numbers", range_numbers_max));
      }
      for (net::Asn asn = range.from; asn <= range.to && asn >= range.from; ++asn) out.push_back(asn);
    });
    return out;
  }
  std::vector<EventKind> kinds(std::string_view field, const json::value& value, bool with_ends = false) {
    std::vector<EventKind> out;
    each(field, value, [&](const json::value& item) {
      const std::string name = text(field, item);
      auto kind = parse_event_kind(name);
      if (with_ends && name == to_string(EventKind::resolved)) kind = EventKind::resolved;
      if (kind) {
        out.push_back(*kind);
      } else {
        reject(field, item, "kinds of docs/events.md, e.g. origin-hijack");
      }
    });
    return out;
  }
  PathRule path_rule(const json::value& item) {
    auto out = path_rule_from_json(item, unknown);
    if (!out && !error) error = out.error();
    return out ? std::move(*out) : PathRule();
  }
  AsnRange range(std::string_view field, const json::value& item) {
    if (item.is_number()) {
      const net::Asn asn = number(field, item);
      return {asn, asn};
    }
    const json::value *from = find(item, "from"), *to = find(item, "to");
    if (!from || !to) {
      reject(field, item, "AS numbers or ranges {\"from\": n, \"to\": n}");
      return {};
    }
    const AsnRange out{number(fmt::format("{}.from", field), *from),
                       number(fmt::format("{}.to", field), *to)};
    if (out.from > out.to) reject(field, item, "from must not be above to");
    return out;
  }
};

void read_origins(Reader& reader, const json::value& value, Expectation& out) {
  out.any_origin = false;
  if (value.is_string()) {
    out.any_origin = value.get_string() == "any";
    if (!out.any_origin) reader.reject("asn", value, "a list of AS numbers, one AS number, or \"any\"");
  } else if (value.is_array()) {
    for (const json::value& item : value.get_array()) out.origins.push_back(reader.range("asn", item));
  } else {
    out.origins.push_back(reader.range("asn", value));
  }
}

void read_prefix(Reader& reader, const json::value& value, Expectation& out) {
  const auto parsed = net::Prefix::parse_lenient(reader.text("prefix", value));
  if (!parsed && !reader.error) reader.error = parsed.error();
  if (parsed) out.prefix = *parsed;
}

void read_lengths(Reader& reader, const json::value& value, Expectation& out) {
  const json::value *min = find(value, "min"), *max = find(value, "max");
  LengthRange range{0, 128};
  if (min) range.min = static_cast<int>(reader.number("lengths.min", *min));
  if (max) range.max = static_cast<int>(reader.number("lengths.max", *max));
  const bool ordered = 0 <= range.min && range.min <= range.max && range.max <= 128;
  if (!value.is_object() || (!min && !max) || !ordered) {
    reader.reject("lengths", value, "{\"min\": n, \"max\": n}, min not above max, at most 128");
  }
  out.lengths = range;
}

void read_policies(Reader& reader, const json::value& value, Expectation& out) {
  reader.each("policies", value, [&](const json::value& item) {
    out.no_export = reader.text("policies", item) == "no-export";
    if (!out.no_export) reader.reject("policies", item, "\"no-export\"");
  });
}

void read_path_rules(Reader& reader, const json::value& value, Expectation& out) {
  if (value.is_array() && value.get_array().size() > path_rules_max) {
    return reader.reject("path", json::value(value.get_array().size()),
                         fmt::format("at most {} rules", path_rules_max));
  }
  if (reader.lenient && value.is_object()) return out.path_rules.push_back(reader.path_rule(value));
  reader.each("path", value,
              [&](const json::value& item) { out.path_rules.push_back(reader.path_rule(item)); });
}

// Keys that say what paths are expected. False for a key that is not known.
bool read_path_member(Reader& reader, std::string_view key, const json::value& value, Expectation& out) {
  if (key == "peers") {
    out.any_peer_as_upstream = value == "any";
    if (!out.any_peer_as_upstream) reader.reject(key, value, "\"any\"");
  } else if (key == "require_upstreams") {
    out.require_upstreams = reader.numbers(key, value);
  } else if (key == "lengths") {
    read_lengths(reader, value, out);
  } else if (key == "policies") {
    read_policies(reader, value, out);
  } else if (key == "prepend_seq") {
    reader.each(key, value,
                [&](const json::value& item) { out.prepend_sequences.push_back(reader.numbers(key, item)); });
  } else if (key == "path") {
    read_path_rules(reader, value, out);
  } else {
    return false;
  }
  return true;
}

// False for a key that is not known.
bool read_member(Reader& reader, std::string_view key, const json::value& value, Expectation& out) {
  if (key == "prefix") {
    read_prefix(reader, value, out);
  } else if (key == "asn") {
    read_origins(reader, value, out);
  } else if (key == "upstreams") {
    out.upstreams = reader.numbers(key, value);
  } else if (key == "backup_upstreams") {
    out.backup_upstreams = reader.numbers(key, value);
  } else if (key == "ignoreMorespecifics") {
    out.ignore_more_specifics = reader.boolean(key, value);
  } else if (key == "ignore") {
    out.ignore = reader.boolean(key, value);
  } else if (key == "excludeKinds") {
    out.exclude_kinds = reader.kinds(key, value, true);
  } else if (key == "includeKinds") {
    out.include_kinds = reader.kinds(key, value, true);
  } else if (key == "group") {
    out.group = reader.text(key, value);
  } else if (key == "description") {
    out.description = reader.text(key, value);
  } else {
    return read_path_member(reader, key, value, out);
  }
  return true;
}

// The only AS that may originate the prefix cannot stand next to itself.
void refuse_contradictions(Reader& reader, const Expectation& expectation) {
  if (expectation.any_origin || expectation.origins.size() != 1 || !expectation.upstreams) return;
  const AsnRange& origin = expectation.origins.front();
  if (origin.from != origin.to) return;
  if (std::ranges::find(*expectation.upstreams, origin.from) == expectation.upstreams->end()) return;
  reader.reject("upstreams", json::value(origin.from), "the AS next to the origin, not the origin itself");
}

json::array kinds_json(std::span<const EventKind> kinds) {
  json::array out;
  for (const EventKind kind : kinds) out.emplace_back(to_string(kind));
  return out;
}

json::array numbers_json(std::span<const net::Asn> asns) {
  json::array out;
  for (const net::Asn asn : asns) out.push_back(asn);
  return out;
}

}  // namespace

Result<Expectation> expectation_from_json(const json::value& value, bool strict,
                                          std::vector<std::string>* unknown) {
  if (!value.is_object()) {
    return tl::unexpected(invalid("prefixes[]", json::serialize(value), "a JSON object"));
  }
  Reader reader{.lenient = !strict};
  Expectation out;
  out.any_origin = true;
  for (const auto& member : value.get_object()) {
    if (reader.lenient && member.value().is_null()) continue;
    const std::string_view key(member.key().data(), member.key().size());
    if (!read_member(reader, key, member.value(), out)) reader.unknown.emplace_back(key);
  }
  if (strict) refuse_contradictions(reader, out);
  if (reader.error) return tl::unexpected(*reader.error);
  if (strict && !reader.unknown.empty()) {
    return tl::unexpected(
        invalid("key", reader.unknown.front(), "not a key of a watched prefix (docs/watch.md lists them)"));
  }
  if (unknown) unknown->insert(unknown->end(), reader.unknown.begin(), reader.unknown.end());
  return out;
}

json::value to_json(const Expectation& e) {
  json::object out{{"prefix", e.prefix.to_string()}};
  if (e.any_origin) {
    out["asn"] = "any";
  } else {
    json::array origins;
    for (const AsnRange& range : e.origins) {
      if (range.from == range.to) {
        origins.push_back(range.from);
      } else {
        origins.push_back(json::object{{"from", range.from}, {"to", range.to}});
      }
    }
    out["asn"] = std::move(origins);
  }
  if (e.upstreams) out["upstreams"] = numbers_json(*e.upstreams);
  if (!e.backup_upstreams.empty()) out["backup_upstreams"] = numbers_json(e.backup_upstreams);
  if (e.any_peer_as_upstream) out["peers"] = "any";
  if (!e.require_upstreams.empty()) out["require_upstreams"] = numbers_json(e.require_upstreams);
  if (e.lengths) out["lengths"] = json::object{{"min", e.lengths->min}, {"max", e.lengths->max}};
  if (e.no_export) out["policies"] = json::array{"no-export"};
  if (!e.prepend_sequences.empty()) {
    json::array sequences;
    for (const auto& sequence : e.prepend_sequences) sequences.push_back(numbers_json(sequence));
    out["prepend_seq"] = std::move(sequences);
  }
  if (!e.path_rules.empty()) {
    json::array rules;
    for (const PathRule& rule : e.path_rules) rules.push_back(to_json(rule));
    out["path"] = std::move(rules);
  }
  if (e.ignore_more_specifics) out["ignoreMorespecifics"] = true;
  if (e.ignore) out["ignore"] = true;
  if (!e.exclude_kinds.empty()) out["excludeKinds"] = kinds_json(e.exclude_kinds);
  if (e.include_kinds) out["includeKinds"] = kinds_json(*e.include_kinds);
  if (!e.group.empty()) out["group"] = e.group.str();
  if (!e.description.empty()) out["description"] = e.description.str();
  return out;
}

Result<AlertOptIn> alert_opt_in_from_json(const json::value& value) {
  if (!value.is_object()) {
    return tl::unexpected(invalid("alerts", json::serialize(value), "a JSON object"));
  }
  Reader reader;
  AlertOptIn out;
  for (const auto& member : value.get_object()) {
    const std::string_view key(member.key().data(), member.key().size());
    if (key == "enabled") {
      out.enabled = reader.boolean("alerts.enabled", member.value());
    } else if (key == "channels") {
      reader.each("alerts.channels", member.value(), [&](const json::value& item) {
        out.channels.push_back(reader.text("alerts.channels", item));
      });
    } else if (key == "minimumLevel") {
      const auto level = parse_level(reader.text("alerts.minimumLevel", member.value()));
      if (!level) {
        reader.reject("alerts.minimumLevel", member.value(), "Information, Warning, Error or Critical");
      }
      out.minimum_level = level.value_or(Level::warning);
    } else if (key == "kinds") {
      out.kinds = reader.kinds("alerts.kinds", member.value());
    } else if (!reader.error) {
      reader.error = invalid("key", key, "alerts has enabled, channels, minimumLevel and kinds");
    }
  }
  if (reader.error) return tl::unexpected(*reader.error);
  return out;
}

json::value to_json(const AlertOptIn& opt_in) {
  json::array channels;
  for (const std::string& channel : opt_in.channels) channels.emplace_back(channel);
  json::object out{{"enabled", opt_in.enabled},
                   {"channels", std::move(channels)},
                   {"minimumLevel", to_string(opt_in.minimum_level)}};
  if (opt_in.kinds) out["kinds"] = kinds_json(*opt_in.kinds);
  return out;
}

}  // namespace peering::model
