// One request body to one batch that may be stored, and the answer to it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "latency/decode.h"
#include "model/registry.h"

namespace peering::latency {

/// A body, read: no client address is left in it.
struct IngestedBody {
  model::SampleBatch batch;  ///< what matched; its digest is set when it has an idempotency key
  std::uint64_t accepted = 0, rejected = 0;
  std::uint64_t unmatched = 0;  ///< of the accepted: clients in no registered prefix
  std::vector<Rejection> errors;
};

/// Decodes, matches and masks. Errors as `decode_samples`.
Result<IngestedBody> read_samples(SampleFormat format, std::string_view body,
                                  std::string_view idempotency_key, const SampleRules& rules,
                                  const model::Registry& registry);

/// `{"accepted", "rejected", "unmatched", "errors": [{"index", "field", "value", "rule"}]}`.
json::value to_json(const IngestedBody& body);

}  // namespace peering::latency
