#include "http/refusal.h"

#include "base/json.h"

namespace peering::http {

Response error_response(int status, std::string_view code, std::string_view message) {
  Response out;
  out.status = status;
  out.headers.set("Content-Type", "application/json; charset=utf-8");
  const json::value body{{"error", {{"code", code}, {"message", message}}}};
  out.body = json::serialize(body);
  return out;
}

}  // namespace peering::http
