// From a configuration and what a server has to the requests that make them equal, and their execution.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/as_code/fields.h"
#include "cli/as_code/server_state.h"

namespace peering::cli::as_code {

enum class Action : std::uint8_t { create, change, remove };
std::string_view to_string(Action action);

/// One difference.
struct Change {
  Action action = Action::create;
  ResourceName name;
  json::object seen;    ///< as the server showed it, for the look before the write
  json::object before;  ///< the same in the spelling of `after`; empty: it is not there
  json::object after;   ///< empty: it goes
  std::string origin;   ///< the document's file; empty: there is none
};

struct PlanOptions {
  std::optional<Manages> pruned;  ///< what may be deleted; absent: nothing
  bool resend_secrets = false;    ///< secrets that cannot be compared are sent again
};

/// The changes in the order in which they can be made: what goes first goes, what others need is made first.
/// Errors: a secret that is compared and cannot be read.
Outcome<std::vector<Change>> plan(const Configuration& wanted, const State& state,
                                  const SecretReader& secrets, const PlanOptions& options);

/// A change as text: what happens to which resource, and its unified diff.
std::string describe(const Change& change);

/// Makes the changes one by one. Before each, the resource is read again: when it is not as it was seen,
/// somebody else is changing it, and that is a conflict. The first failure ends it; it names the resource.
/// `on_done` is called after each.
Outcome<void> execute(const std::vector<Change>& changes, ApiClient& api, const std::string& subscription,
                      const SecretReader& secrets, const std::function<void(const Change&)>& on_done);

}  // namespace peering::cli::as_code
