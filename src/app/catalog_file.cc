#include "app/catalog_file.h"

#include "base/log.h"

namespace peering::app {

namespace {

Counter& reads(Metrics& metrics, const std::string& result) {
  return metrics.counter("peering_catalog_reads_total",
                         "Times the file of [catalog] was read, by what became of it.", {{"result", result}});
}

}  // namespace

CatalogFile::CatalogFile(Metrics& metrics)
    : used_(reads(metrics, "used")),
      refused_(reads(metrics, "refused")),
      stored_(metrics.gauge("peering_catalog_stored_entries",
                            "Entries of the catalogue that were changed over the API.")),
      left_out_(metrics.gauge("peering_catalog_left_out_entries",
                              "Entries changed over the API that do not fit the file of today.")) {}

Result<void> CatalogFile::read(const std::string& path) {
  auto fresh = api::load_catalog(path);
  if (!fresh) {
    refused_.add();
    return tl::unexpected(fresh.error());
  }
  used_.add();
  auto pointer = std::make_shared<const api::Catalog>(std::move(*fresh));
  const std::lock_guard lock(mutex_);
  file_ = std::move(pointer);
  lay_over();
  return {};
}

void CatalogFile::read_again(const std::string& path) {
  if (const auto done = read(path); !done) {
    return log::error("SIGHUP: {}; the catalogue in force stays", done.error().message);
  }
  const api::CatalogPointer catalog = current();
  log::info("SIGHUP: the catalogue has {} countries, {} locations and {} providers",
            catalog->countries.size(), catalog->locations.size(), catalog->providers.size());
}

void CatalogFile::follow(const std::vector<store::Change>& changes) {
  const std::lock_guard lock(mutex_);
  for (const store::Change& change : changes) {
    if (change.type != api::catalog_entry_type) continue;
    if (!change.document) {
      rows_.erase(change.key);
      continue;
    }
    auto row = api::row_of(change.key, *change.document);
    if (row) {
      rows_.insert_or_assign(change.key, std::move(*row));
    } else {
      log::error("{}; the catalogue in force stays", row.error().message);
    }
  }
  stored_.set(static_cast<double>(rows_.size()));
  if (file_) lay_over();
}

void CatalogFile::lay_over() {
  auto laid = api::lay_over(file_, rows_);
  if (!laid) {
    log::error("what was changed of the catalogue over the API cannot be used: {}", laid.error().message);
    if (!current_) current_ = file_;
    return;
  }
  for (const std::string& what : laid->left_out) {
    log::warning("not in the catalogue, because it does not fit the file: {}", what);
  }
  left_out_.set(static_cast<double>(laid->left_out.size()));
  current_ = std::move(laid->catalog);
}

api::CatalogPointer CatalogFile::current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

}  // namespace peering::app
