// How the API reaches the latency room: to be replaced by that room's own headers.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"

namespace peering::api {

struct SampleBody {
  std::string content_type;
  std::string_view body;
  std::string idempotency_key;
};

/// JSON answer of an accepted batch.
using AcceptSamples = std::function<Result<std::string>(const SampleBody&)>;

}  // namespace peering::api
