// What a server has of the resources that configuration as code covers.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cli/api_client.h"
#include "cli/as_code/documents.h"

namespace peering::cli::as_code {

/// A resource as the server shows it, reduced (fields.h). Settings that say nothing are not there.
struct Shown {
  ResourceName name;
  json::object content;
};
using State = std::map<std::string, Shown>;  ///< by `ResourceName::key`

/// Reads from one subscription of one server. Blocks.
class StateReader {
 public:
  StateReader(ApiClient& api, std::string subscription) : api_(api), subscription_(std::move(subscription)) {}

  /// Everything, or everything in the groups. Kinds that the caller may not see are named in `unseen`.
  Outcome<State> read_all(const std::vector<std::string>& groups, std::vector<Kind>& unseen);

  /// The collections that documents are in and, with `pruned`, those that it covers.
  Outcome<State> read_for(const Configuration& wanted, const std::optional<Manages>& pruned);

  /// One resource as it is now; nothing when it is not there.
  Outcome<std::optional<json::object>> read_one(const ResourceName& name);

 private:
  using Names = std::vector<std::string>;

  // Each adds what it finds to `state_`; what is not there adds nothing.
  Outcome<void> read_collection(Kind kind, const Names& parent);
  Outcome<void> read_single(const ResourceName& name);
  Outcome<void> read_group(const std::string& group);
  Outcome<void> read_children(Kind base, const Names& names);
  std::vector<Names> names_of(Kind kind, const Names& parent) const;

  ApiClient& api_;
  std::string subscription_;
  State state_;
};

}  // namespace peering::cli::as_code
