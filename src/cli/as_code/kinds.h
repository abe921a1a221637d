// The resources that configuration as code covers: their ids, their files, and the order in which they can be
// made.
//
// Ids in documents are relative to the subscription ("resourceGroups/net/providers/Microsoft.Peering/…"), so
// that a folder can be applied to another one.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace peering::cli::as_code {

/// In the order in which they can be made: what another one refers to comes before it.
enum class Kind : std::uint8_t {
  resource_group,
  alert_channel,
  silence,
  peer_asn,
  peering,
  registered_asn,
  registered_prefix,
  peering_service,
  connection_monitoring,
  prefix,
  prefix_monitoring,
  connection_monitor_test,
};

struct KindRow {
  Kind kind;
  std::string_view name;  ///< in `manages`: "peeringServices/prefixes"
  std::string_view id;    ///< template, relative to the subscription; "{}" for each name
  std::string_view file;  ///< template, relative to the folder
  bool in_group;          ///< the first name is a resource group's
  bool is_monitoring;     ///< settings that are always there and never deleted
};

/// In the order of `Kind`.
std::span<const KindRow> kinds();
const KindRow& row_of(Kind kind);
std::optional<Kind> parse_kind(std::string_view name);

/// Which resource: its kind and the names in its id, outermost first.
struct ResourceName {
  Kind kind = Kind::resource_group;
  std::vector<std::string> names;

  /// "resourceGroups/net/providers/…".
  std::string id() const;
  /// `id()` in lower case: names compare without case.
  std::string key() const;
  /// "/subscriptions/<subscription>/…", every segment encoded.
  std::string path(std::string_view subscription) const;
  /// Where its document lies in a folder. Names that would leave the folder or meet another file are encoded.
  std::string file() const;
  /// The names of what it lies in, or, for settings, of what they are about; in lower case.
  std::vector<std::string> parent() const;
  /// The collection that it is listed in, as `path`. Not for settings.
  std::string collection(std::string_view subscription) const;
};

/// Reads an id, relative or below `/subscriptions/<subscription>/`; nothing when it is no id of a kind here.
std::optional<ResourceName> parse_id(std::string_view id, std::string_view subscription);

/// `id` without "/subscriptions/<subscription>/" where it begins with that.
std::string_view relative_id(std::string_view id, std::string_view subscription);

}  // namespace peering::cli::as_code
