// What the API and the HTTP server must know of the configuration.
#pragma once

#include "api/api.h"
#include "app/configuration.h"
#include "http/server.h"

namespace peering::app {

api::Settings api_settings(const Configuration& c);
/// `[http]`.
http::Limits http_limits(const Configuration::Http& http);

}  // namespace peering::app
