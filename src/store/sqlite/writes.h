// From writes to rows: a group of commits in one transaction, each wholly or not at all.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "store/sqlite/commit_queue.h"
#include "store/sqlite/database.h"

namespace peering::store::sqlite {

/// A number of the table `state`; `corrupt` when it is not there.
Result<std::int64_t> read_state(Database& database, std::string_view name);

/// The first key after all that start with `prefix`. No UTF-8 text starts with 0xff.
std::string end_of_prefix(std::string prefix);

/// A subtree of more rows is doomed instead of removed at once; also how many go with one commit.
constexpr std::size_t removed_at_once_max = 200;

/// Whether a resource is known to be there with this etag, by what was committed before the group: a
/// condition that needs no look into the table. Must not be wrong when true.
using Known = std::function<bool(std::string_view key, std::string_view etag)>;

/// Commits each request as if it were alone, in order, with a revision of its own; durable when it returns. A
/// conflict is the matter of one; what hinders the transaction (a full disk) makes each try alone, except
/// that a database locked by another process (`unavailable`) refuses all of them. What a request dooms is in
/// the table `doomed` afterwards.
std::vector<Result<Revision>> commit_group(Database& database, const std::vector<CommitRequest>& group,
                                           const Trace& trace, const Known& known);

}  // namespace peering::store::sqlite
