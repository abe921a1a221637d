#include "cli/as_code/documents.h"

#include <algorithm>
#include <fstream>
#include <system_error>

#include "cli/as_code/fields.h"
#include "cli/read_file.h"
#include "model/registry.h"

namespace peering::cli::as_code {

namespace {

namespace fs = std::filesystem;

class Reader {
 public:
  explicit Reader(std::string_view subscription) : subscription_(subscription) {}

  Outcome<void> read_folder(const fs::path& folder) {
    std::vector<fs::path> files;
    std::error_code wrong;
    for (fs::recursive_directory_iterator each(folder, wrong), end; !wrong && each != end;
         each.increment(wrong)) {
      const std::string name = each->path().filename().string();
      const bool hidden = name.starts_with('.');
      if (hidden && each->is_directory(wrong)) each.disable_recursion_pending();
      if (!hidden && each->path().extension() == ".json" && each->is_regular_file(wrong)) {
        files.push_back(each->path());
      }
    }
    if (wrong) return failed("cannot read {}: {}", folder.string(), wrong.message());
    std::ranges::sort(files);
    for (const fs::path& file : files) {
      if (auto done = read(file.string()); !done) return done;
    }
    return {};
  }

  Outcome<void> read(const std::string& path) {
    const auto text = read_file(path, path == "-" ? stream_bytes_max : small_file_bytes_max);
    if (!text) return tl::unexpected(text.error());
    const auto value = parse_json(*text);
    if (!value) return usage_error("{}: {}", path, value.error().message);
    return take(*value, path);
  }

  Configuration configuration;

 private:
  static constexpr std::size_t stream_bytes_max = 256 * 1024 * 1024;

  Outcome<void> take(const json::value& value, const std::string& origin) {
    if (value.is_array()) return take_all(value.get_array(), origin);
    const json::value* resources = find(value, "resources");
    const json::value* manages = find(value, "manages");
    if (manages) {
      if (auto done = take_manages(*manages, origin); !done) return done;
    }
    if (resources && !resources->is_array()) return usage_error("{}: 'resources' is no list", origin);
    if (resources) return take_all(resources->get_array(), origin);
    return manages ? Outcome<void>() : take_one(value, origin);
  }

  Outcome<void> take_all(const json::array& items, const std::string& origin) {
    for (const json::value& item : items) {
      if (auto done = take_one(item, origin); !done) return done;
    }
    return {};
  }

  Outcome<void> take_one(const json::value& value, const std::string& origin) {
    const auto id = find_string(value, "id");
    if (!id) return usage_error("{}: a document is an object with the resource's 'id'", origin);
    auto name = parse_id(*id, subscription_);
    if (!name) {
      return usage_error("{}: id '{}': no resource of this subscription that can be configured here", origin,
                         *id);
    }
    auto content = reduce_document(*name, value, subscription_);
    if (!content) return usage_error("{}: {}: {}", origin, name->id(), content.error().message);
    const std::string key = name->key();
    const auto [at, added] =
        configuration.documents.try_emplace(key, Document{std::move(*name), std::move(*content), origin});
    if (!added) return usage_error("{}: {} is in {} already", origin, key, at->second.origin);
    if (configuration.documents.size() > documents_max) {
      return usage_error("{}: more than {} documents", origin, documents_max);
    }
    return {};
  }

  Outcome<void> take_manages(const json::value& value, const std::string& origin) {
    const json::value* kinds = find(value, "types");
    const json::value* groups = find(value, "resourceGroups");
    if (!kinds || !kinds->is_array() || !groups || !groups->is_array()) {
      return usage_error("{}: 'manages' has the lists 'types' and 'resourceGroups'", origin);
    }
    Manages out = configuration.manages.value_or(Manages{});
    for (const json::value& each : kinds->get_array()) {
      const auto kind = each.is_string() ? parse_kind(each.get_string()) : std::nullopt;
      if (!kind) return usage_error("{}: manages.types: {} is no type here", origin, json::serialize(each));
      out.kinds.insert(*kind);
    }
    for (const json::value& each : groups->get_array()) {
      if (!each.is_string()) return usage_error("{}: manages.resourceGroups: a name is expected", origin);
      out.groups.emplace_back(each.get_string());
    }
    configuration.manages = std::move(out);
    return {};
  }

  std::string_view subscription_;
};

// Takes over references of `old` where `fresh` has one in the same place.
void keep_references(const json::value& old, json::value& fresh) {
  if (is_reference(old) && is_reference(fresh)) {
    fresh = old;
  } else if (const json::object* members = old.if_object(); members && fresh.is_object()) {
    for (const auto& member : *members) {
      json::value* same = fresh.get_object().if_contains(member.key());
      if (same) keep_references(member.value(), *same);
    }
  } else if (const json::array* items = old.if_array(); items && fresh.is_array()) {
    const std::size_t both = std::min(items->size(), fresh.get_array().size());
    for (std::size_t i = 0; i < both; ++i) keep_references((*items)[i], fresh.get_array()[i]);
  }
}

class Writer {
 public:
  Writer(fs::path folder, std::string_view subscription)
      : folder_(std::move(folder)), subscription_(subscription) {}

  Outcome<void> write(const std::string& name, json::value document) {
    const fs::path path = folder_ / name;
    written_.insert(path.lexically_normal());
    std::error_code wrong;
    std::string before;
    if (fs::exists(path, wrong)) {
      auto text = read_file(path.string());
      if (!text) return tl::unexpected(text.error());
      before = std::move(*text);
      if (const auto old = parse_json(before)) keep_references(*old, document);
    }
    const std::string text = pretty(document) + "\n";
    if (text == before) {
      ++counts.unchanged;
      return {};
    }
    fs::create_directories(path.parent_path(), wrong);
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    out << text;
    out.close();
    if (!out) return failed("cannot write {}", path.string());
    ++counts.written;
    return {};
  }

  // A file goes only when it is a document, lies where that one's would, and was not written now.
  Outcome<void> remove_others(const Manages& manages) {
    std::vector<fs::path> gone;
    std::error_code wrong;
    for (fs::recursive_directory_iterator each(folder_, wrong), end; !wrong && each != end;
         each.increment(wrong)) {
      const fs::path path = each->path().lexically_normal();
      if (path.extension() != ".json" || !each->is_regular_file(wrong) || written_.contains(path)) continue;
      const auto text = read_file(path.string());
      const auto document = text ? parse_json(*text) : Result<json::value>(json::value());
      const auto id = document ? find_string(*document, "id") : std::nullopt;
      const auto name = id ? parse_id(*id, subscription_) : std::nullopt;
      if (!name || (folder_ / name->file()).lexically_normal() != path || !covers(manages, *name)) continue;
      gone.push_back(path);
    }
    for (const fs::path& path : gone) {
      fs::remove(path, wrong);
      if (wrong) return failed("cannot remove {}: {}", path.string(), wrong.message());
      ++counts.removed;
    }
    return {};
  }

  Written counts;

 private:
  static bool covers(const Manages& manages, const ResourceName& name) {
    if (name.kind != Kind::resource_group && !manages.kinds.contains(name.kind)) return false;
    if (!row_of(name.kind).in_group) return true;
    return std::ranges::any_of(manages.groups, [&](const std::string& group) {
      return model::lower(group) == model::lower(name.names.front());
    });
  }

  fs::path folder_;
  std::string_view subscription_;
  std::set<fs::path> written_;
};

}  // namespace

Outcome<Configuration> read_configuration(const std::string& path, std::string_view subscription) {
  Reader reader(subscription);
  std::error_code wrong;
  const bool folder = path != "-" && fs::is_directory(path, wrong);
  const auto done = folder ? reader.read_folder(path) : reader.read(path);
  if (!done) return tl::unexpected(done.error());
  return std::move(reader.configuration);
}

json::object written_form(const ResourceName& name, const json::object& content) {
  json::object out{{"id", name.id()}};
  for (const auto& member : content) out[member.key()] = member.value();
  return out;
}

json::object written_form(const Manages& manages) {
  json::array kinds, groups;
  for (const Kind kind : manages.kinds) kinds.emplace_back(row_of(kind).name);
  for (const std::string& group : manages.groups) groups.emplace_back(group);
  return json::object{{"types", std::move(kinds)}, {"resourceGroups", std::move(groups)}};
}

Manages managed_by_documents(const Configuration& configuration) {
  Manages out;
  std::set<std::string> groups;
  for (const auto& [key, document] : configuration.documents) {
    if (document.name.kind != Kind::resource_group) out.kinds.insert(document.name.kind);
    if (row_of(document.name.kind).in_group) groups.insert(model::lower(document.name.names.front()));
  }
  out.groups.assign(groups.begin(), groups.end());
  return out;
}

Outcome<Written> write_folder(const fs::path& folder, Configuration configuration,
                              std::string_view subscription) {
  Writer writer(folder, subscription);
  for (const auto& [key, document] : configuration.documents) {
    auto done = writer.write(document.name.file(), written_form(document.name, document.content));
    if (!done) return tl::unexpected(done.error());
  }
  const Manages manages = configuration.manages.value_or(managed_by_documents(configuration));
  auto done = writer.write(std::string(manages_file), json::object{{"manages", written_form(manages)}});
  if (done) done = writer.remove_others(manages);
  if (!done) return tl::unexpected(done.error());
  return writer.counts;
}

}  // namespace peering::cli::as_code
