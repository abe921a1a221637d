// Ids that cannot be mixed up: a ConnectionId is not an EventId although both are text.
#pragma once

#include <compare>
#include <functional>
#include <utility>

namespace peering {

/// A value of type T that belongs to Tag alone. Comparable and hashable like T; explicit to make.
template <class Tag, class T>
struct Strong {
  T value{};
  Strong() = default;
  explicit Strong(T v) : value(std::move(v)) {}
  friend auto operator<=>(const Strong&, const Strong&) = default;
  friend bool operator==(const Strong&, const Strong&) = default;
};

}  // namespace peering

template <class Tag, class T>
struct std::hash<peering::Strong<Tag, T>> {
  std::size_t operator()(const peering::Strong<Tag, T>& id) const noexcept {
    return std::hash<T>{}(id.value);
  }
};
