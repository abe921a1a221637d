// A configuration as documents: one JSON document a resource, in a folder, a file, or on stdin and stdout.
//
// A folder has one file a resource, where its names put it; a file or stream has one document, a list of
// them, or an object with `resources` and `manages`. What `manages` says (in a folder the file manages.json)
// is what `apply --prune` may delete.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/json.h"
#include "cli/as_code/kinds.h"
#include "cli/failure.h"

namespace peering::cli::as_code {

inline constexpr std::size_t documents_max = 200'000;
inline constexpr std::string_view manages_file = "manages.json";

/// What a configuration is responsible for.
struct Manages {
  std::set<Kind> kinds;
  std::vector<std::string> groups;  ///< names of resource groups
};

struct Document {
  ResourceName name;
  json::object content;  ///< reduced (fields.h)
  std::string origin;    ///< the file, for messages and relative names of secrets' files
};

struct Configuration {
  std::map<std::string, Document> documents;  ///< by `ResourceName::key`
  std::optional<Manages> manages;
};

/// Reads a folder, a file, or stdin ("-"). Usage errors name the file and what is wrong in it.
Outcome<Configuration> read_configuration(const std::string& path, std::string_view subscription);

/// A document as it is written: the id first.
json::object written_form(const ResourceName& name, const json::object& content);
json::object written_form(const Manages& manages);

/// What a configuration without `manages` is responsible for: the kinds and groups that it has documents of.
Manages managed_by_documents(const Configuration& configuration);

/// How many files a folder got, lost and kept.
struct Written {
  std::size_t written = 0, removed = 0, unchanged = 0;
};
/// Writes a folder. References to secrets that are in its files stay; files of resources that `manages`
/// covers and that are no more are removed. Other files are left alone.
Outcome<Written> write_folder(const std::filesystem::path& folder, Configuration configuration,
                              std::string_view subscription);

}  // namespace peering::cli::as_code
