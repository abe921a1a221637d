#include "cli/catalog_import.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <set>

#include "cli/catalog_client.h"
#include "cli/peeringdb_import.h"
#include "cli/session.h"

namespace peering::cli {

namespace {

namespace fs = std::filesystem;

using api::CatalogKind;

Outcome<std::set<net::Asn>> asns_of(const Call& call) {
  std::set<net::Asn> out;
  for (const std::string& word : call.list("asn")) {
    net::Asn asn = 0;
    const char* end = word.data() + word.size();
    const auto parsed = std::from_chars(word.data(), end, asn);
    if (parsed.ec != std::errc() || parsed.ptr != end || asn == 0) {
      return usage_error("--asn '{}': an AS number from 1 to 4294967295", word);
    }
    out.insert(asn);
  }
  return out;
}

// Of a folder those files that are called as a type is.
Outcome<std::vector<std::string>> files_of(const Call& call) {
  std::vector<std::string> out;
  for (const std::string& word : call.list("peeringdb")) {
    std::error_code error;
    if (!fs::is_directory(word, error)) {
      out.push_back(word);
      continue;
    }
    std::vector<std::string> found;
    for (const fs::directory_entry& file : fs::directory_iterator(word, error)) {
      const std::string path = file.path().string();
      if (!type_of_file_name(path).empty()) found.push_back(path);
    }
    if (error) return failed("cannot read {}: {}", word, error.message());
    if (found.empty()) return failed("{}: no file there is called as fac, net, netfac, …", word);
    std::ranges::sort(found);
    out.insert(out.end(), found.begin(), found.end());
  }
  return out;
}

Outcome<PeeringDb> read_all(Session& session, const std::vector<std::string>& files,
                            std::set<net::Asn> asns) {
  PeeringDbReader reader(std::move(asns));
  for (const std::string& file : files) {
    const auto take = [&](DumpRow& row) { reader.take(row); };
    if (auto done = read_dump(file, type_of_file_name(file), take); !done) {
      return tl::unexpected(done.error());
    }
  }
  for (const std::string& complaint : reader.complaints()) session.note("skipped: " + complaint);
  std::size_t rows = 0;
  for (const auto& [type, counts] : reader.counts()) {
    rows += counts.rows;
    session.note(fmt::format("{}: {} rows, {} not active, {} malformed", type, counts.rows, counts.inactive,
                             counts.malformed));
  }
  if (rows == 0) return failed("there is no row of PeeringDB in what was given");
  return reader.finish();
}

std::string changed_members(const CatalogChange& change) {
  std::string out;
  for (const auto& member : change.entry.properties) {
    const json::value* before = change.before->properties.if_contains(member.key());
    if (before && *before == member.value()) continue;
    out += (out.empty() ? "" : ", ") + std::string(member.key());
  }
  return out;
}

void print(Session& session, const ImportPlan& plan) {
  for (const CatalogChange& change : plan.changes) {
    const api::CatalogEntry& entry = change.entry;
    session.out() << (change.before ? "~ " : "+ ") << to_string(entry.kind) << "/" << entry.name << "  "
                  << title_of(entry);
    if (change.before) session.out() << ": " << changed_members(change);
    session.out() << "\n";
  }
}

void print_summary(Session& session, const ImportPlan& plan) {
  for (const CatalogKind kind : api::catalog_kinds) {
    const auto is_new = [&](const CatalogChange& each) { return each.entry.kind == kind && !each.before; };
    const auto is_other = [&](const CatalogChange& each) { return each.entry.kind == kind && each.before; };
    const auto added = std::ranges::count_if(plan.changes, is_new);
    const auto changed = std::ranges::count_if(plan.changes, is_other);
    if (added + changed > 0) {
      session.note(fmt::format("{}: {} new, {} changed", to_string(kind), added, changed));
    }
  }
  if (plan.changes.empty()) session.note("nothing is new");
  if (plan.unplaced_exchanges + plan.unplaced_networks > 0) {
    session.note(fmt::format("without a known metro: {} exchanges, {} networks", plan.unplaced_exchanges,
                             plan.unplaced_networks));
  }
}

Outcome<void> import(Session& session, const Call& call) {
  auto asns = asns_of(call);
  if (!asns) return tl::unexpected(asns.error());
  const auto output = call.text("output-file"), base = call.text("base");
  const bool dry = call.has("dry-run");
  if (base && !output && !dry) return usage_error("--base needs --output-file or --dry-run");
  const auto files = files_of(call);
  if (!files) return tl::unexpected(files.error());
  const auto db = read_all(session, *files, std::move(*asns));
  if (!db) return tl::unexpected(db.error());
  auto entries = base ? read_catalog_file(*base) : fetch_catalog(session);
  if (!entries) return tl::unexpected(entries.error());
  ImportOptions options;
  options.join_miles = call.real("join-miles").value_or(options.join_miles);
  const ImportPlan plan = plan_import(*db, *entries, options);
  if (dry) print(session, plan);
  print_summary(session, plan);
  if (dry) return {};
  if (!output) return apply_changes(session, plan.changes);
  for (const CatalogChange& change : plan.changes) entries->set(change.entry);
  return write_catalog_file(session, *entries, *output);
}

}  // namespace

Command import_command() {
  return {"catalog import",
          "Take facilities, metros, exchanges and partners out of a PeeringDB dump into the catalogue.",
          {{"--peeringdb", "files of the dump, also compressed, or folders of them", OptionKind::list, true},
           {"--asn", "only networks with these AS numbers, and where they are", OptionKind::list},
           {"--dry-run", "show what would be written, write nothing", OptionKind::flag},
           {"--output-file", "write a catalogue file instead of the server's catalogue; - is stdout"},
           {"--base", "the catalogue file to begin with instead of the server's catalogue"},
           {.names = "--join-miles",
            .help = "a facility belongs to the nearest metro of its country within",
            .kind = OptionKind::real,
            .fallback = "25"}},
          import};
}

}  // namespace peering::cli
