// The configured issuers of tokens, as the API wants them.
#pragma once

#include "api/identity_providers.h"
#include "app/configuration.h"
#include "base/result.h"

namespace peering::app {

/// `invalid_argument` names what contradicts: an issuer twice, keys from two places, an issuer whose keys
/// cannot be found safely.
Result<std::vector<api::IssuerSettings>> issuer_settings(const Configuration& configuration);

}  // namespace peering::app
