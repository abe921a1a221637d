// `$filter` of the audit log and of the activity log: `timestamp ge 2026-11-23T10:00:00Z and caller eq
// 'admin'`.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/arm/failure.h"
#include "api/call.h"
#include "base/json.h"
#include "base/result.h"
#include "base/time.h"
#include "store/resource_store.h"

namespace peering::api {

/// What a filter asks for. Fields are known by the names of both logs: timestamp or eventTimestamp (eq, ge,
/// gt, le, lt), and with eq: caller (principal, name or subject), operation or operationName, status,
/// correlationId, resourceGroupName, resourceId or resourceUri, resourceProvider.
struct AuditFilter {
  std::optional<TimePoint> from, to;  ///< both inclusive
  std::string resource_group;         ///< lower case; empty: any
  std::string resource;               ///< lower case; empty: any
  std::function<bool(const json::value& entry)> wanted;
};
/// `invalid_argument` names what is not understood.
Result<AuditFilter> read_audit_filter(std::string_view text);

/// A page of the log of a scope (a key; empty: what is in no subscription), each entry as `show` makes it.
arm::Answer audit_page(const Call& call, const std::string& scope, const AuditFilter& filter,
                       const std::function<json::value(json::value entry)>& show);

}  // namespace peering::api
