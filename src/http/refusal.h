// The answers that the server gives by itself, before or instead of a handler.
#pragma once

#include <string>
#include <string_view>

#include "http/message.h"

namespace peering::http {

/// A request that was refused before any handler ran; its connection ends with it.
struct Refusal {
  int status = 400;
  std::string_view code;    ///< ARM's error code
  std::string_view reason;  ///< label of peering_http_rejected_total
  std::string message;
};

/// `{"error": {"code", "message"}}`, the shape of ARM's errors.
Response error_response(int status, std::string_view code, std::string_view message);

}  // namespace peering::http
