// What the API must know of the configuration.
#pragma once

#include "api/api.h"
#include "app/configuration.h"

namespace peering::app {

api::Settings api_settings(const Configuration& c);

}  // namespace peering::app
