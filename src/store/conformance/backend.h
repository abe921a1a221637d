// What the conformance suites need to know of an implementation, and a folder to run it in.
//
// An implementation describes itself as a type with a static `open(folder)`. Its `_test.cc` instantiates the
// suites with that type; the Persistent suites are for those that keep what they have.
#pragma once

#include <filesystem>
#include <string>

#include "base/check.h"
#include "base/digest.h"

namespace peering::store::conformance {

/// A folder of its own, removed at the end.
class TemporaryFolder {
 public:
  TemporaryFolder() : path_(std::filesystem::temp_directory_path() / ("peering-store-" + random_uuid())) {
    PEERING_CHECK(std::filesystem::create_directories(path_));
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::string path() const { return path_.string(); }

 private:
  static std::filesystem::path parent() {
    const std::filesystem::path in_memory = "/dev/shm";
    return std::filesystem::is_directory(in_memory) ? in_memory : std::filesystem::temp_directory_path();
  }

  std::filesystem::path path_;
};

}  // namespace peering::store::conformance
