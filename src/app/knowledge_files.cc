#include "app/knowledge_files.h"

#include <functional>

#include "base/log.h"
#include "feeds/route_object_file.h"
#include "feeds/text_file.h"

namespace peering::app {

namespace {

// Reads the file and gives its text to `parse`; the error gets the file's name.
template <class Value, class Parse>
Result<Value> parsed(const std::string& path, Parse parse) {
  const auto text = feeds::read_text_file(path);
  if (!text) return tl::unexpected(text.error());
  Result<Value> out = parse(*text);
  if (!out) return fail(out.error().code, "{}: {}", path, out.error().message);
  return out;
}

// Calls `take(line number, line)` for each line that says something, without comment and blanks around.
Result<void> for_lines(std::string_view text,
                       const std::function<Result<void>(std::size_t, std::string_view)>& take) {
  std::size_t number = 0;
  while (!text.empty()) {
    const auto end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    ++number;
    line = line.substr(0, line.find('#'));
    const auto first = line.find_first_not_of(" \t\r");
    if (first == std::string_view::npos) continue;
    line = line.substr(first, line.find_last_not_of(" \t\r") - first + 1);
    if (auto done = take(number, line); !done) return done;
  }
  return {};
}

}  // namespace

Result<detect::Relationships> read_as_relationships(const std::string& path) {
  return parsed<detect::Relationships>(path, detect::Relationships::parse);
}

Result<detect::Relationships> read_siblings(const std::string& path) {
  return parsed<detect::Relationships>(path, detect::Relationships::parse_siblings);
}

Result<rib::RpkiData> read_rpki(const std::string& path) {
  return parsed<rib::RpkiData>(path, rib::rpki_from_json);
}

Result<rib::PrefixSet> read_bogons(const std::string& path) {
  return parsed<rib::PrefixSet>(path, [](std::string_view text) -> Result<rib::PrefixSet> {
    std::vector<net::Prefix> out;
    const auto done = for_lines(text, [&](std::size_t number, std::string_view line) -> Result<void> {
      const auto prefix = net::Prefix::parse_lenient(line);
      if (!prefix) return fail(prefix.error().code, "line {}: {}", number, prefix.error().message);
      out.push_back(*prefix);
      return {};
    });
    if (!done) return tl::unexpected(done.error());
    return rib::PrefixSet(std::move(out));
  });
}

Result<rib::RouteObjectsPointer> read_route_objects(const std::string& path) {
  auto reader = feeds::read_route_objects(path);
  if (!reader) return tl::unexpected(reader.error());
  for (const std::string& complaint : reader->complaints()) log::warning("{}: {}", path, complaint);
  log::info("{}: {} route objects, {} left out as they are broken", path, reader->read(), reader->broken());
  return std::make_shared<const rib::RouteObjects>(reader->objects());
}

}  // namespace peering::app
