// Interned path attributes: equal attributes are one object, counted by the routes that use it. The table
// keeps one shared pointer for each; others (events, API answers on other threads) may hold on to it longer.
#pragma once

#include <cstdint>
#include <unordered_set>

#include "rib/route.h"

namespace peering::rib {

/// One set of attributes in use. Its address is its identity: equal pointers, equal attributes.
struct InternedAttributes {
  AttributesPointer attributes;
  std::size_t hash = 0;
  mutable std::uint32_t routes = 0;
};

/// Owned by one thread.
class AttributePool {
 public:
  /// The one object for these attributes, made when new. Counts nothing yet: `retain` must follow.
  const InternedAttributes* intern(const AttributesPointer& attributes) {
    return &*entries_.insert({attributes, wire::bgp::hash_value(*attributes), 0}).first;
  }
  void retain(const InternedAttributes* entry) { ++entry->routes; }
  /// Forgets the attributes when no route is left.
  void release(const InternedAttributes* entry) {
    if (--entry->routes == 0) entries_.erase(entries_.find(*entry));
  }
  std::size_t size() const { return entries_.size(); }

 private:
  struct Hash {
    std::size_t operator()(const InternedAttributes& entry) const { return entry.hash; }
  };
  struct Equal {
    bool operator()(const InternedAttributes& a, const InternedAttributes& b) const {
      return a.hash == b.hash && (a.attributes == b.attributes || *a.attributes == *b.attributes);
    }
  };
  std::unordered_set<InternedAttributes, Hash, Equal> entries_;
};

}  // namespace peering::rib
