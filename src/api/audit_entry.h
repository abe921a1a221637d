// What the audit log keeps of a change or of a refused one: made here, and committed together with the
// change.
//
// An entry is a JSON object as `Open.Peering/auditLog` serves it: who, what, when, from where, and the
// document before and after. Secrets of alert channels, hashes of tokens and MD5 keys of
// BGP sessions never get into it.
#pragma once

#include <mutex>
#include <string>
#include <string_view>

#include "api/call.h"
#include "api/throttle.h"
#include "store/resource_store.h"

namespace peering::api {

/// A change of one resource.
struct AuditedChange {
  std::string_view key;   ///< of the resource in the store
  std::string_view type;  ///< as the store has it
  const Record* before = nullptr;
  const json::object* after = nullptr;  ///< null: it is deleted
  std::string_view after_text;          ///< `after`, serialized
};

/// The entry of a change, to be the last write of its commit.
store::Write audit_entry(const Call& call, const AuditedChange& change);

/// Of what `traced_entry` makes the entries of what is deleted together with what lies above it.
std::string audit_trace(const Call& call);
/// The store's `Trace`.
std::string traced_entry(std::string_view trace, const store::Resource& gone);

/// Where in the log the entry about a resource is. A token's is where the token holds: that is for its
/// Owners.
std::string audit_key(std::string_view type, std::string_view key, const json::object& document);

/// Writes that were refused (403) to a known caller. A caller who is refused again and again is told of
/// `refusals_an_hour` times at most, so that nobody can push the changes out of the log. Thread-safe.
class RefusalLog {
 public:
  static constexpr std::int64_t refusals_an_hour = 600;

  /// Adds an entry for a call of a route that writes; blocks until it is stored. The answer does not depend
  /// on it.
  void add(const Call& call);

 private:
  Throttle throttle_{Quotas{0, refusals_an_hour, 0}};
};

}  // namespace peering::api
