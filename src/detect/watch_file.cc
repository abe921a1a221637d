#include "detect/watch_file.h"

#include <algorithm>

#include "rib/rpki_json.h"

namespace peering::detect {

namespace {

// Whole numbers as AS numbers of a topology row.
Result<std::vector<std::int64_t>> numbers_of(std::string_view field, const json::value& row,
                                             std::size_t count) {
  std::vector<std::int64_t> out;
  const auto refuse = [&] {
    return tl::unexpected(
        invalid(field, json::serialize(row), fmt::format("rows of {} whole numbers", count)));
  };
  if (!row.is_array() || row.get_array().size() != count) return refuse();
  for (const json::value& item : row.get_array()) {
    json::error_code wrong;
    const auto number = item.is_number() ? item.to_number<std::int64_t>(wrong) : -2;
    if (wrong || number < -1 || number > 0xFFFFFFFF) return refuse();
    out.push_back(number);
  }
  return out;
}

Result<const json::array*> rows_of(std::string_view field, const json::value& value) {
  if (value.is_array()) return &value.get_array();
  return tl::unexpected(invalid(field, json::serialize(value), "a list"));
}

// Reads row by row, with each one's place from 0.
template <class Read>
Result<void> each_row(std::string_view field, const json::value& value, Read read) {
  const auto rows = rows_of(field, value);
  if (!rows) return tl::unexpected(rows.error());
  std::size_t place = 0;
  for (const json::value& row : **rows) {
    if (auto done = read(row, place++); !done) return done;
  }
  return {};
}

template <class Value>
Result<void> take(std::vector<Value>& into, Result<std::vector<Value>> read) {
  if (!read) return tl::unexpected(read.error());
  into = std::move(*read);
  return {};
}

class WatchReader {
 public:
  explicit WatchReader(Settings known) { out_.settings = std::move(known); }
  Result<WatchFile> read(const json::value& root);

 private:
  Result<void> member(std::string_view key, const json::value& value);
  Result<void> prefixes(const json::value& value);
  Result<void> entry(const json::value& value, std::size_t place);
  Result<void> relations(const json::value& value);
  Result<void> roa_changes(const json::value& value);
  Result<void> siblings(const json::value& value);
  Result<void> asns(const json::value& value);
  Result<void> monitored(const json::value& value, std::size_t place);
  Result<void> local_roles(const json::value& value);
  Result<void> local_role(const json::value& value);
  Result<void> thresholds(const json::value& value);
  Result<void> threshold(std::string_view key, const json::value& value);
  Result<void> visibility(const json::value& value);
  Result<double> fraction(std::string_view field, const json::value& value);
  Result<std::size_t> count(std::string_view field, const json::value& value);
  void unknown(std::string_view key);

  WatchFile out_;
  std::shared_ptr<model::Registry> registry_ = std::make_shared<model::Registry>();
  std::vector<rib::Vrp> vrps_;
  std::vector<wire::rtr::Aspa> aspas_;
  std::shared_ptr<Relationships> relationships_ = std::make_shared<Relationships>();
};

void WatchReader::unknown(std::string_view key) {
  auto& keys = out_.unknown_keys;
  if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.emplace_back(key);
}

Result<double> WatchReader::fraction(std::string_view field, const json::value& value) {
  json::error_code wrong;
  const double out = value.is_number() ? value.to_number<double>(wrong) : -1;
  if (wrong || !(out >= 0 && out <= 1)) {
    return tl::unexpected(invalid(field, json::serialize(value), "a number from 0 to 1"));
  }
  return out;
}

Result<std::size_t> WatchReader::count(std::string_view field, const json::value& value) {
  json::error_code wrong;
  const auto out = value.is_number() ? value.to_number<std::uint32_t>(wrong) : 0;
  if (wrong || !value.is_number()) {
    return tl::unexpected(invalid(field, json::serialize(value), "a whole number, 0 or more"));
  }
  return out;
}

Result<void> WatchReader::entry(const json::value& value, std::size_t place) {
  std::vector<std::string> unknown_keys;
  const auto expectation = model::expectation_from_json(value, false, &unknown_keys);
  const std::string where = fmt::format("prefixes[{}]", place - 1);
  if (!expectation) return fail(expectation.error().code, "{}: {}", where, expectation.error().message);
  for (const std::string& key : unknown_keys) unknown(key);
  const auto written = find_string(value, "prefix");
  if (!written) return tl::unexpected(invalid(where + ".prefix", "", "every entry names its prefix"));
  const std::string canonical = expectation->prefix.to_string();
  if (*written != canonical)
    out_.notes.push_back(fmt::format("{}: {} is read as {}", where, *written, canonical));
  auto entry = std::make_shared<model::RegisteredPrefix>();
  entry->resource = fmt::format("watch/{}", place);
  entry->expectation = *expectation;
  registry_->prefixes[entry->resource] = entry;
  registry_->watch[expectation->prefix].push_back(std::move(entry));
  return {};
}

Result<void> WatchReader::prefixes(const json::value& value) {
  return each_row("prefixes", value,
                  [&](const json::value& row, std::size_t place) { return entry(row, place + 1); });
}

Result<void> WatchReader::relations(const json::value& value) {
  const auto rows = rows_of("rels", value);
  if (!rows) return tl::unexpected(rows.error());
  for (const json::value& row : **rows) {
    const auto numbers = numbers_of("rels", row, 3);
    if (!numbers) return tl::unexpected(numbers.error());
    const auto a = static_cast<net::Asn>((*numbers)[0]), b = static_cast<net::Asn>((*numbers)[1]);
    if ((*numbers)[0] < 0 || (*numbers)[1] < 0 || (*numbers)[2] > 0) {
      return tl::unexpected(
          invalid("rels", json::serialize(row), "[provider, customer, -1] or [peer, peer, 0]"));
    }
    if ((*numbers)[2] == -1) {
      relationships_->add_provider(a, b);
    } else {
      relationships_->add_peers(a, b);
    }
  }
  return {};
}

Result<void> WatchReader::siblings(const json::value& value) {
  const auto rows = rows_of("siblings", value);
  if (!rows) return tl::unexpected(rows.error());
  for (const json::value& row : **rows) {
    const auto numbers = numbers_of("siblings", row, 2);
    if (!numbers) return tl::unexpected(numbers.error());
    relationships_->add_siblings(static_cast<net::Asn>((*numbers)[0]), static_cast<net::Asn>((*numbers)[1]));
  }
  return {};
}

Result<void> WatchReader::monitored(const json::value& value, std::size_t place) {
  std::vector<std::string> unknown_keys;
  auto as = model::monitored_as_from_json(value, fmt::format("asns[{}]", place), false, unknown_keys);
  if (!as) return tl::unexpected(as.error());
  for (const std::string& key : unknown_keys) unknown(key);
  out_.settings.monitored.add({std::move(*as), ""});
  return {};
}

Result<void> WatchReader::asns(const json::value& value) {
  return each_row("asns", value,
                  [&](const json::value& row, std::size_t place) { return monitored(row, place); });
}

// `{"peer_role": "customer", "peer_asn": 64510}`.
Result<void> WatchReader::local_role(const json::value& value) {
  const auto role = rib::parse_peer_role(find_string(value, "peer_role").value_or(""));
  if (!role) {
    return tl::unexpected(invalid("local_roles.peer_role", json::serialize(value),
                                  "provider, customer, peer, rs or rs-client"));
  }
  const json::value* asn = find(value, "peer_asn");
  const auto number = asn ? numbers_of("local_roles.peer_asn", json::array{*asn}, 1)
                          : tl::unexpected(invalid("local_roles.peer_asn", "", "an AS number"));
  if (!number) return tl::unexpected(number.error());
  out_.settings.local_roles[static_cast<net::Asn>(number->front())] = *role;
  return {};
}

Result<void> WatchReader::local_roles(const json::value& value) {
  if (value.is_object()) return local_role(value);
  return each_row("local_roles", value, [&](const json::value& row, std::size_t) { return local_role(row); });
}

Result<void> WatchReader::visibility(const json::value& value) {
  VisibilityThreshold limit;
  if (!value.is_object()) {
    const auto number = count("thresholds.visibility-loss", value);
    if (!number) return tl::unexpected(number.error());
    limit.withdrawn_peers_min = *number;
  } else {
    for (const auto& part : value.get_object()) {
      const std::string_view key(part.key().data(), part.key().size());
      if (key == "min_withdrawn_peers") {
        const auto number = count(key, part.value());
        if (!number) return tl::unexpected(number.error());
        limit.withdrawn_peers_min = *number;
      } else if (key == "min_visible_fraction") {
        const auto number = fraction(key, part.value());
        if (!number) return tl::unexpected(number.error());
        limit.visible_fraction_min = *number;
      } else {
        unknown(key);
      }
    }
  }
  out_.settings.thresholds.visibility = limit;
  return {};
}

Result<void> WatchReader::threshold(std::string_view key, const json::value& value) {
  Thresholds& thresholds = out_.settings.thresholds;
  if (key == "visibility-loss") return visibility(value);
  if (key == "resolved_when_withdrawn_fraction") {
    const auto part = fraction(key, value);
    if (!part) return tl::unexpected(part.error());
    thresholds.resolved_fraction = *part;
    return {};
  }
  if (key == "assume_seen_by_all_peers") {
    if (!value.is_bool()) return tl::unexpected(invalid(key, json::serialize(value), "true or false"));
    thresholds.assume_seen_by_all_peers = value.get_bool();
    return {};
  }
  const auto kind = model::parse_event_kind(key);
  if (key != "min_peers" && key != "fade_off_s" && key != "reopen_within_s" && !kind) {
    unknown(key);
    return {};
  }
  const auto number = count(key, value);
  if (!number) return tl::unexpected(number.error());
  if (kind) {
    thresholds.peers_min_of[*kind] = *number;
  } else if (key == "min_peers") {
    thresholds.peers_min = *number;
  } else if (key == "reopen_within_s") {
    out_.settings.reopen_within = std::chrono::seconds(*number);
  } else {
    thresholds.fade_off = std::chrono::seconds(*number);
  }
  return {};
}

// `[{"before_line": 3, "add": […], "remove": […]}]`.
Result<void> WatchReader::roa_changes(const json::value& value) {
  const auto rows = rows_of("roas_changes", value);
  if (!rows) return tl::unexpected(rows.error());
  for (const json::value& row : **rows) {
    const json::value* line = find(row, "before_line");
    if (!line) {
      return tl::unexpected(invalid("roas_changes", json::serialize(row), "objects with before_line"));
    }
    const auto before_line = count("roas_changes.before_line", *line);
    if (!before_line) return tl::unexpected(before_line.error());
    RoaChanges& change = out_.roa_changes.emplace_back();
    change.before_line = *before_line;
    for (const auto& [key, into] : {std::pair("add", &change.added), std::pair("remove", &change.removed)}) {
      const json::value* roas = find(row, key);
      if (!roas) continue;
      if (auto done = take(*into, rib::vrps_from_json(*roas)); !done) return done;
    }
  }
  std::ranges::stable_sort(out_.roa_changes, {}, &RoaChanges::before_line);
  return {};
}

Result<void> WatchReader::thresholds(const json::value& value) {
  if (!value.is_object())
    return tl::unexpected(invalid("thresholds", json::serialize(value), "a JSON object"));
  for (const auto& part : value.get_object()) {
    if (part.value().is_null()) continue;
    if (auto done = threshold({part.key().data(), part.key().size()}, part.value()); !done) return done;
  }
  return {};
}

Result<void> WatchReader::member(std::string_view key, const json::value& value) {
  if (key == "prefixes") return prefixes(value);
  if (key == "rels") return relations(value);
  if (key == "siblings") return siblings(value);
  if (key == "asns") return asns(value);
  if (key == "local_roles") return local_roles(value);
  if (key == "roas") return take(vrps_, rib::vrps_from_json(value));
  if (key == "roas_changes") return roa_changes(value);
  if (key == "aspa") return take(aspas_, rib::aspas_from_json(value));
  if (key == "thresholds") return thresholds(value);
  if (key == "resolved_when_withdrawn_fraction" || key == "fade_off_s" || key == "assume_seen_by_all_peers") {
    return threshold(key, value);
  }
  unknown(key);
  return {};
}

Result<WatchFile> WatchReader::read(const json::value& root) {
  if (!root.is_object()) return tl::unexpected(invalid("watch file", json::serialize(root), "a JSON object"));
  for (const auto& part : root.get_object()) {
    if (part.value().is_null()) continue;
    const auto done = member({part.key().data(), part.key().size()}, part.value());
    if (!done) return tl::unexpected(done.error());
  }
  if (!vrps_.empty()) out_.settings.vrps = std::make_shared<const rib::VrpTable>(std::move(vrps_));
  if (!aspas_.empty()) out_.settings.aspas = std::make_shared<const rib::AspaTable>(aspas_);
  if (relationships_->size() > 0) out_.settings.relationships = relationships_;
  out_.registry = registry_;
  return std::move(out_);
}

}  // namespace

Result<WatchFile> read_watch_file(std::string_view text, Settings known) {
  const auto root = parse_json(text);
  if (!root) return tl::unexpected(root.error());
  return WatchReader(std::move(known)).read(*root);
}

}  // namespace peering::detect
