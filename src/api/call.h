// One request on its way through a handler, and what handlers share: loading, saving and listing resources.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/access.h"
#include "api/api.h"
#include "api/arm/failure.h"
#include "api/arm/headers.h"
#include "api/arm/paging.h"
#include "api/arm/query.h"
#include "base/json.h"
#include "base/time.h"

namespace peering::api {

/// A stored resource with its document read.
struct Record {
  store::Resource stored;
  json::object document;
};

/// Sends a request to this API for the caller of another one: it is checked, counted and answered as if she
/// had sent it herself.
using Asker = std::function<http::Response(const http::Request&)>;

/// What the audit log tells of a request beside its caller.
struct Origin {
  std::string_view operation;  ///< operationId of the route
  std::string action;          ///< "Microsoft.Peering/peeringServices/write"
  arm::RequestIds ids;
};

/// Everything a handler needs. Lives for one request; used by one thread.
struct Call {
  const Services& services;
  const http::Request& request;
  const arm::Query& query;
  const Caller& caller;
  std::map<std::string, std::string, std::less<>> parameters;  ///< of the path template
  std::string path;                                            ///< decoded, as sent, without trailing '/'
  std::string key;                                             ///< `path` in lower case
  TimePoint at{};

  /// Set by `save` and `remove`: the revision that the answer may have to wait for.
  std::optional<model::Revision> committed;
  /// Set when another writer was faster: the handler is run again on what is there now.
  bool raced = false;
  /// The handler's commit is made after it returned: `save` and `remove_with_children` then put it into
  /// `deferred` and say that it succeeded. When it did not, the handler is run again without this.
  bool defers = false;
  /// With `defers`: the registry was asked and knows no such resource.
  bool absent = false;
  std::vector<store::Write> deferred;

  /// How a handler that makes several changes makes each of them. Only for handlers of `Effect::none`: the
  /// others hold what a change waits for.
  Asker ask;
  /// The same without changing anything: what is asked for is there for the same asker only.
  std::function<Asker()> rehearse;
  int asks_deep = 0;  ///< how many askers stand between the caller and this request
  /// What the audit log says of a change; null: the route changes nothing.
  const Origin* origin = nullptr;
  /// Set by `save` and `remove`: what was written, or removed with what lies below.
  std::string changed_key;
  /// A handler that refuses (403) for the sake of another resource than the path's leaves its key here, if
  /// the caller may know of it: there the audit log tells of it.
  std::string refused_at;

  /// A parameter of the path template; empty when the template has none of the name.
  const std::string& parameter(std::string_view name) const;
  /// The part of `key` before `suffix` ("/providers/open.peering/events"): the resource it is about.
  std::string base_key() const;
};

/// A handler: a plain blocking function.
using Handler = arm::Answer (*)(Call&);

/// The resource, or nothing.
arm::Expected<std::optional<Record>> load(const Call& call, std::string_view key);
/// The resource, or 404 `ResourceNotFound`.
arm::Expected<Record> load_existing(const Call& call, std::string_view key);
/// The parent of a child, or 404 `ParentResourceNotFound`.
arm::Expected<Record> load_parent(const Call& call, std::string_view key);

/// 404 in ARM's words for a resource's path.
tl::unexpected<arm::Failure> not_found(std::string_view path);

/// What to write.
struct Saving {
  std::string key;
  std::string_view type;
  std::string unique;  ///< see `store::Write`
  /// The message when another resource has the same `unique` value.
  std::string taken;
  /// What must be there unchanged when this is written, as it was what the document was checked against;
  /// null: nothing. It may be gone, or gone and made anew, since it was read.
  const store::Resource* parent = nullptr;
};
/// Writes `document` where `before` was (absent: where nothing was).
arm::Expected<void> save(Call& call, const Saving& saving, const json::object& document,
                         const std::optional<Record>& before);

/// Removes the resource and everything whose key begins with `key` + "/"; false when there was nothing.
arm::Expected<bool> remove_with_children(Call& call, std::string_view key);

/// Reads every resource of a type under a key, at most `limit`.
arm::Expected<std::vector<Record>> load_all(const Call& call, std::string_view type,
                                            std::string_view key_prefix, std::size_t limit);

/// Resources in order of their keys: at most so many after a key.
using ReadAfter =
    std::function<arm::Expected<std::vector<store::Resource>>(const std::string& after, std::size_t count)>;
/// Up to `count` of what `read` gives, without what the caller may not know of. That is passed over here
/// already: a page's token names the last resource of the page, and must not name one of these.
arm::Expected<std::vector<store::Resource>> read_visible(const Call& call, std::string after,
                                                         std::size_t count, const ReadAfter& read);

/// A page of stored resources, each as `show` makes it; without those that the caller may not know of.
arm::Answer list_stored(const Call& call, std::string_view type, std::string_view key_prefix,
                        const std::function<arm::Expected<json::value>(const Record&)>& show);

/// A page of values that are in memory; the position is an index.
arm::Answer list_values(const Call& call, const json::array& values);

/// 200, or 201 when nothing was there before.
http::Response created_or_replaced(const std::optional<Record>& before, const json::value& body);
/// 200 for what existed, 204 for what did not.
http::Response deleted(bool existed);

/// Members of the document that every resource shows, in ARM's order: properties, location, tags, sku, name,
/// id, type.
json::object shown(const Record& record, json::object properties);

}  // namespace peering::api
