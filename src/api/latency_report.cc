#include "api/handlers.h"
#include "api/latency_query.h"
namespace peering::api {
arm::Answer get_latency_report(Call& call) {
  const auto q = read_latency_query(call.query, call.at);
  if (!q) return tl::unexpected(q.error());
  return arm::json_response(200, json::object{});
}
}  // namespace peering::api
