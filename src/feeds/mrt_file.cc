#include "feeds/mrt_file.h"

namespace peering::feeds {

Result<MrtFile> MrtFile::open(const std::string& path) {
  auto file = FrameFile::open(path, wire::mrt::split_record, wire::mrt::find_record);
  if (!file) return tl::unexpected(file.error());
  return MrtFile(std::move(*file));
}

Result<bool> MrtFile::next(wire::mrt::Record& record) {
  const auto frame = file_.next();
  if (!frame) return tl::unexpected(frame.error());
  if (frame->empty()) return false;
  const auto header = wire::mrt::decode_header(*frame);
  if (!header) return tl::unexpected(header.error());
  record = *header;
  return true;
}

}  // namespace peering::feeds
