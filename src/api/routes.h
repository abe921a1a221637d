// The one table of what is served, and how a request finds its row.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/access.h"
#include "api/call.h"
#include "http/message.h"

namespace peering::api {

/// What a handler does to stored resources.
enum class Effect : std::uint8_t {
  none,     ///< reads
  writes,   ///< changes resources: one at a time in a subscription
  applies,  ///< and is answered when the detectors have the change in force
  /// As `applies`, but many at a time: its one commit carries conditions for all it was decided on, so that
  /// whoever comes between makes it be decided anew. No worker waits for the commit.
  guarded,
};

/// One row. `path` is a template: literals compare without case, `{name}` takes one segment, and a leading
/// `{scope}` any number of them: "/" for none, else joined as in a resource id.
struct Route {
  http::Method method;
  std::string_view path;
  std::string_view operation;  ///< operationId of api/openapi.json, label of metrics
  Permission permission;
  Effect effect;
  Handler handler;
  /// The answer depends on nothing but the resource of the path, those above it, and the caller.
  bool reads_one = false;
  /// PUT of a registered prefix: where there is none yet, it is decided on those above it and the caller
  /// alone.
  bool makes_one = false;
};

std::span<const Route> routes();

/// "read", "write", "delete" or "action".
std::string_view verb_of(http::Method method);
/// What a row of the table does, in Azure's words: "Microsoft.Peering/peeringServices/write".
const std::string& action_of(const Route& route);

/// What the table has for a path.
struct Match {
  const Route* route = nullptr;                                ///< null: no row for this method
  std::map<std::string, std::string, std::less<>> parameters;  ///< of `route`
  std::vector<http::Method> allowed;                           ///< empty: no row for this path at all
};
/// HEAD finds the row of GET where it has none of its own.
Match match_route(http::Method method, std::span<const std::string> segments);

}  // namespace peering::api
