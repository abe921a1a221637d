#include "cli/archive_files.h"

#include <algorithm>
#include <filesystem>
#include <map>

namespace peering::cli {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t files_max = 1'000'000;
// A file without a successor holds at most this.
constexpr std::chrono::hours stretch_max{24};

struct Named {
  TimePoint begin;
  int again = 0;  ///< what the server writes after a restart within the stretch is called `….1`
  std::string path;
  bool timed = true;
  friend auto operator<=>(const Named& a, const Named& b) {
    return std::tie(a.begin, a.again, a.path) <=> std::tie(b.begin, b.again, b.path);
  }
  friend bool operator==(const Named&, const Named&) = default;
};

struct Folder {
  std::vector<Named> tables, updates;
};
using Folders = std::map<std::string, Folder>;

bool digits(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// "updates.20261123.1000.2.gz": 2
int again_of(std::string_view name) {
  for (std::size_t at = name.size(); at > 1;) {
    const std::size_t dot = name.rfind('.', at - 1);
    if (dot == std::string_view::npos) return 0;
    const std::string_view part = name.substr(dot + 1, at - dot - 1);
    if (!part.empty() && digits(part)) return part.size() < 4 ? std::stoi(std::string(part)) : 0;
    at = dot;
  }
  return 0;
}

bool is_table(std::string_view name) {
  return name.find("rib.") != std::string_view::npos || name.find("bview.") != std::string_view::npos;
}

void add(const fs::path& path, bool even_without_time, Folders& out) {
  const std::string name = path.filename().string();
  if (name.starts_with('.') && !even_without_time) return;
  const auto begin = archive_time(name);
  if (!begin && !even_without_time) return;
  Folder& folder = out[path.parent_path().string()];
  auto& list = begin && is_table(name) ? folder.tables : folder.updates;
  list.push_back({begin.value_or(TimePoint()), again_of(name), path.string(), begin.has_value()});
}

Result<void> add_folder(const std::string& path, std::size_t& seen, Folders& out) {
  std::error_code wrong;
  for (fs::recursive_directory_iterator at(path, wrong), end; !wrong && at != end; at.increment(wrong)) {
    if (++seen > files_max) return fail(ErrorCode::limit_exceeded, "more than {} files", files_max);
    if (at->is_regular_file(wrong)) add(at->path(), false, out);
  }
  if (wrong) return fail(ErrorCode::io, "{}: {}", path, wrong.message());
  return {};
}

ArchiveLane lane_of(Folder& folder, TimePoint from, TimePoint to) {
  ArchiveLane out;
  TimePoint begin = from;
  std::ranges::sort(folder.tables);
  std::ranges::sort(folder.updates);
  for (const Named& table : folder.tables) {
    if (table.begin > from) break;
    out.table = table.path;
    begin = table.begin;
  }
  for (std::size_t i = 0; i < folder.updates.size(); ++i) {
    const Named& file = folder.updates[i];
    const bool last = i + 1 == folder.updates.size();
    const TimePoint end =
        last ? file.begin + stretch_max : std::min(folder.updates[i + 1].begin, file.begin + stretch_max);
    // Two files of one time: the server began anew within it.
    const bool same = !last && folder.updates[i + 1].begin == file.begin;
    if (file.timed && (file.begin >= to || (end <= begin && !same))) continue;
    out.updates.push_back(file.path);
  }
  return out;
}

}  // namespace

std::optional<TimePoint> archive_time(std::string_view name) {
  constexpr std::size_t size = 13;  // 20261123.1000
  for (std::size_t at = 0; at + size <= name.size(); ++at) {
    const std::string_view text = name.substr(at, size);
    if (text[8] != '.' || !digits(text.substr(0, 8)) || !digits(text.substr(9))) continue;
    const auto time = parse_rfc3339(fmt::format("{}-{}-{}T{}:{}:00Z", text.substr(0, 4), text.substr(4, 2),
                                                text.substr(6, 2), text.substr(9, 2), text.substr(11, 2)));
    if (time) return *time;
  }
  return std::nullopt;
}

Result<std::vector<ArchiveLane>> archive_lanes(const std::vector<std::string>& folders,
                                               const std::vector<std::string>& files, TimePoint from,
                                               TimePoint to) {
  Folders found;
  std::size_t seen = 0;
  for (const std::string& folder : folders) {
    if (auto done = add_folder(folder, seen, found); !done) return tl::unexpected(done.error());
  }
  for (const std::string& file : files) add(file, true, found);
  std::vector<ArchiveLane> out;
  for (auto& [path, folder] : found) {
    ArchiveLane lane = lane_of(folder, from, to);
    if (!lane.table.empty() || !lane.updates.empty()) out.push_back(std::move(lane));
  }
  return out;
}

}  // namespace peering::cli
