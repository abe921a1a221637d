#include "store/conflicts.h"

namespace peering::store {

tl::unexpected<Error> condition_conflict(const Write& write) {
  switch (write.condition) {
    case Condition::absent:
      return fail(ErrorCode::conflict, "{}: exists already", write.key);
    case Condition::present:
      return fail(ErrorCode::conflict, "{}: does not exist", write.key);
    case Condition::etag:
      return fail(ErrorCode::conflict, "{}: was changed meanwhile, its etag is no longer {}", write.key,
                  write.etag);
    case Condition::any:
      break;
  }
  return fail(ErrorCode::internal, "{}: a write without condition cannot conflict", write.key);
}

tl::unexpected<Error> unique_conflict(const Write& write, std::string_view owner) {
  return fail(ErrorCode::conflict, "{}: {} belongs to {}", write.key, write.unique, owner);
}

}  // namespace peering::store
