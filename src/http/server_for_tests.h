// For tests: a server on a free port of loopback, with workers and metrics.
#pragma once

#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "http/client.h"
#include "http/raw_socket_for_tests.h"
#include "http/server.h"

namespace peering::http {

class ServerTest : public testing::Test {
 protected:
  void start(const Handler& handler, const Limits& limits = {}, const QuickHandler& at_once = {}) {
    server_.emplace(handler, limits, workers_, metrics_, at_once);
    port_ = server_->listen({"127.0.0.1", 0}, std::nullopt).value().port;
  }
  static Response echo(const Request& request) {
    Response out;
    out.headers.set("Content-Type", "text/plain");
    out.body = std::string(to_string(request.method)) + " " + request.target + " " + request.body;
    return out;
  }
  std::string url(std::string_view path) const { return fmt::format("http://127.0.0.1:{}{}", port_, path); }
  /// What a new connection reads until its end after sending `bytes`.
  std::string answer_to(std::string_view bytes) {
    RawConnection raw(port_);
    raw.send(bytes);
    return raw.read();
  }
  double rejected(const std::string& reason) {
    return metrics_.counter("peering_http_rejected_total", "", {{"reason", reason}}).value();
  }
  double connections() { return metrics_.gauge("peering_http_connections", "").value(); }

  Metrics metrics_;
  runtime::WorkerPool workers_{4, 64};
  std::optional<Server> server_;
  std::uint16_t port_ = 0;
};

}  // namespace peering::http
