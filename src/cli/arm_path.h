// Paths of the API: built from names, every segment encoded.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace peering::cli {

std::string subscription_path(std::string_view subscription);
std::string group_path(std::string_view subscription, std::string_view group);
std::string service_path(std::string_view subscription, std::string_view group, std::string_view service);
std::string prefix_path(std::string_view subscription, std::string_view group, std::string_view service,
                        std::string_view prefix);
std::string peering_path(std::string_view subscription, std::string_view group, std::string_view peering);
/// `<id>/providers/Open.Peering/<tail>`.
std::string extension_path(std::string_view id, std::string_view tail);

/// The api-version to send for a path, by the last provider in it.
std::string_view api_version_of(std::string_view path);

/// A query: `name=value` pairs, encoded.
class Query {
 public:
  Query& add(std::string_view name, std::string_view value);
  /// "", or "a=b&c=d".
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace peering::cli
