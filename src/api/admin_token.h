// The first token: how an operator gets in on a new installation.
#pragma once

#include <string>

#include "base/time.h"
#include "store/resource_store.h"

namespace peering::api {

/// `<data_dir>/admin.token` (mode 0600) holds the text of the token `admin`, role Operator on everything.
///
/// - No file: a new token is made, replacing a former `admin` token, and the file is written.
/// - A file, and a store that is empty of tokens (a new database): the file's token is taken over.
/// - A file otherwise: nothing is changed; an `admin` token that was deleted stays deleted.
Result<void> write_admin_token(store::ResourceStore& resources, const std::string& data_dir, TimePoint at);

}  // namespace peering::api
