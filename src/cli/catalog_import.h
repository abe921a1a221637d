// `catalog import`: facilities, metros, exchanges and partners of a PeeringDB dump.
#pragma once

#include "cli/command.h"

namespace peering::cli {

Command import_command();

}  // namespace peering::cli
