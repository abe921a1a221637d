#include "app/catalog_file.h"

namespace peering::app {

namespace {

Counter& reads(Metrics& metrics, const std::string& result) {
  return metrics.counter("peering_catalog_reads_total",
                         "Times the file of [catalog] was read, by what became of it.", {{"result", result}});
}

}  // namespace

CatalogFile::CatalogFile(Metrics& metrics)
    : used_(reads(metrics, "used")), refused_(reads(metrics, "refused")) {}

Result<void> CatalogFile::read(const std::string& path) {
  auto fresh = api::load_catalog(path);
  if (!fresh) {
    refused_.add();
    return tl::unexpected(fresh.error());
  }
  used_.add();
  auto pointer = std::make_shared<const api::Catalog>(std::move(*fresh));
  const std::lock_guard lock(mutex_);
  current_ = std::move(pointer);
  return {};
}

api::CatalogPointer CatalogFile::current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

}  // namespace peering::app
