// Route objects of Internet Routing Registries: who says to originate what. Anybody could register some of
// them, so that they are an indication, no proof.
//
// Read from dumps as registries publish them: RPSL (RFC 2622 section 2) with `route:` (section 4) and
// `route6:` (RFC 4012 section 3) objects among others. Dumps have gigabytes, so they are read a piece at a
// time, and of each object only prefix and origin are kept.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rib/vrp_table.h"

namespace peering::rib {

struct RouteObject {
  net::Prefix prefix;
  net::Asn origin = 0;
};

/// What registries say of a prefix and an origin.
enum class Registration : std::uint8_t {
  unknown,       ///< no object covers the prefix
  registered,    ///< an object for it, or for what covers it, has the origin
  other_origins  ///< there are objects, and none has the origin
};

/// Immutable after construction; any number of threads may read.
class RouteObjects {
 public:
  RouteObjects() = default;
  /// In any order; repetitions count once.
  explicit RouteObjects(const std::vector<RouteObject>& objects);

  Registration registration(const net::Prefix& prefix, net::Asn origin) const;
  std::size_t size() const { return table_.size(); }
  std::size_t bytes() const { return table_.bytes(); }

 private:
  VrpTable table_;  // each up to the length of an address, so that what covers counts
};
using RouteObjectsPointer = std::shared_ptr<const RouteObjects>;

/// Reads a dump as it comes. Not thread-safe.
class RouteObjectReader {
 public:
  /// Keeps objects for whose prefix `wanted` holds; all when it is null.
  explicit RouteObjectReader(std::function<bool(const net::Prefix&)> wanted = {})
      : wanted_(std::move(wanted)) {}

  /// The next piece of the text, cut anywhere.
  void feed(std::string_view text);
  /// The text ends here.
  void finish();

  /// Objects that were kept.
  std::vector<RouteObject>& objects() { return objects_; }
  /// Route objects that could be read, kept or not.
  std::size_t read() const { return read_; }
  /// Route objects that could not, and what was wrong with the first of them: line, attribute, value, rule.
  std::size_t broken() const { return broken_; }
  const std::vector<std::string>& complaints() const { return complaints_; }

 private:
  void line(std::string_view text);
  void attribute(std::string_view name, std::string_view value);
  void end_object();
  void complain(std::size_t line, std::string_view what);

  std::function<bool(const net::Prefix&)> wanted_;
  std::vector<RouteObject> objects_;
  std::vector<std::string> complaints_;
  std::size_t read_ = 0, broken_ = 0, line_number_ = 0;
  std::string carried_;  // the beginning of a line whose end has not come
  // The object that is being read.
  bool in_object_ = false, is_route_ = false, is_v6_ = false;
  std::size_t began_at_ = 0, origin_at_ = 0;
  std::string prefix_, origin_;
  std::string* value_ = nullptr;  // what a continuation line belongs to
};

}  // namespace peering::rib
