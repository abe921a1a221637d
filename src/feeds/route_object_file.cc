#include "feeds/route_object_file.h"

#include "feeds/text_file.h"

namespace peering::feeds {

Result<rib::RouteObjectReader> read_route_objects(const std::string& path,
                                                  std::function<bool(const net::Prefix&)> wanted) {
  rib::RouteObjectReader reader(std::move(wanted));
  const auto read = read_text_pieces(path, [&](std::string_view piece) -> Result<void> {
    reader.feed(piece);
    return {};
  });
  if (!read) return tl::unexpected(read.error());
  reader.finish();
  if (reader.read() > 0) return reader;
  return fail(ErrorCode::invalid_argument, "{}: no route: or route6: object that can be read is in it{}{}",
              path, reader.complaints().empty() ? "" : "; ",
              reader.complaints().empty() ? "" : reader.complaints().front());
}

}  // namespace peering::feeds
