// A prefix as a customer or a partner registers it.
#pragma once

#include <string>

#include "api/call.h"
#include "net/prefix.h"

namespace peering::api {

struct PrefixBody {
  net::Prefix prefix;
  std::string key;  ///< peeringServicePrefixKey; empty: none given
};

/// Reads `properties.prefix` and `properties.peeringServicePrefixKey`. 400 `InvalidRequestContent` for what
/// has the wrong form, 400 `BadArgument` for what is no customer's prefix.
arm::Expected<PrefixBody> read_prefix_body(const Call& call);

/// How long ago the registration was made or its validation begun again (its `changedAt`); zero when unknown.
Microseconds age_of(const Record& record, TimePoint at);

}  // namespace peering::api
