#include "app/file_position.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>

#include <fcntl.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/json.h"

namespace peering::app {

namespace {

namespace fs = std::filesystem;

fs::path place_of(const std::string& folder, const std::string& path) {
  constexpr std::size_t name_digits = 32;
  return fs::path(folder) / (to_hex(sha256(path)).substr(0, name_digits) + ".json");
}

tl::unexpected<Error> position_error(const fs::path& place) {
  const ErrorCode code = errno == ENOSPC || errno == EDQUOT ? ErrorCode::out_of_space : ErrorCode::io;
  return fail(code, "{} cannot be written: {}", place.string(), std::strerror(errno));
}

// Writes and syncs; the descriptor is closed whatever happens.
bool write_synced(const fs::path& place, const std::string& text) {
  const int file = ::open(place.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return false;
  const bool done =
      ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(file) == 0;
  const int why = errno;
  ::close(file);
  errno = why;
  return done;
}

bool sync_folder(const fs::path& folder) {
  const int file = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return false;
  const bool done = ::fsync(file) == 0;
  ::close(file);
  return done;
}

std::optional<std::uint64_t> number_of(const json::value& value, std::string_view key, std::uint64_t most) {
  const json::value* member = find(value, key);
  if (!member) return std::nullopt;
  boost::system::error_code error;
  const auto number = member->to_number<std::uint64_t>(error);
  return error || number > most ? std::nullopt : std::optional(number);
}

}  // namespace

Result<std::optional<feeds::FilePosition>> read_position(const std::string& folder, const std::string& path) {
  const fs::path place = place_of(folder, path);
  std::error_code error;
  if (!fs::exists(place, error) && !error) return std::nullopt;
  std::ifstream in(place, std::ios::binary);
  if (!in) return fail(ErrorCode::io, "{} cannot be read", place.string());
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  const auto value = parse_json(text);
  if (value) {
    constexpr std::uint64_t any = std::numeric_limits<std::uint64_t>::max();
    constexpr std::uint64_t offset_max = std::numeric_limits<std::int64_t>::max(), check_max = 0xffff;
    const auto generation = find_string(*value, "generation");
    const auto inode = number_of(*value, "inode", any), offset = number_of(*value, "offset", offset_max);
    const auto check = number_of(*value, "check", check_max);
    if (generation && inode && offset && check)
      return feeds::FilePosition{*generation, *inode, *offset, static_cast<std::uint16_t>(*check)};
  }
  return fail(ErrorCode::corrupt, "{}: no position in {}; without this file it is read from its beginning",
              place.string(), path);
}

Result<void> write_position(const std::string& folder, const std::string& path,
                            const feeds::FilePosition& position) {
  const fs::path place = place_of(folder, path);
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return fail(ErrorCode::io, "{} cannot be made: {}", folder, error.message());
  const fs::path draft = place.string() + ".new";
  const std::string text = json::serialize(json::object{{"path", path},
                                                        {"generation", position.generation},
                                                        {"inode", position.inode},
                                                        {"offset", position.offset},
                                                        {"check", position.check}});
  if (!write_synced(draft, text)) return position_error(draft);
  if (::rename(draft.c_str(), place.c_str()) != 0 || !sync_folder(folder)) return position_error(place);
  return {};
}

}  // namespace peering::app
