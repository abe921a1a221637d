#include "app/core_dumps.h"

#include <fstream>

namespace peering::app {

bool keep_memory_out_of_core_dumps() {
  constexpr auto only_elf_headers = "0x10";
  std::ofstream filter("/proc/self/coredump_filter");
  filter << only_elf_headers << std::flush;
  return filter.good();
}

}  // namespace peering::app
