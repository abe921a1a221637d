#include "cli/read_file.h"

#include <fstream>
#include <iostream>

namespace peering::cli {

Outcome<std::string> read_file(const std::string& path, std::size_t bytes_max) {
  std::ifstream file;
  if (path != "-") file.open(path, std::ios::binary);
  std::istream& in = path == "-" ? std::cin : file;
  if (!in) return failed("cannot read {}", path);
  std::string out;
  char piece[65536];
  while (in.read(piece, sizeof piece) || in.gcount() > 0) {
    out.append(piece, static_cast<std::size_t>(in.gcount()));
    if (out.size() > bytes_max) return failed("{} is larger than {} bytes", path, bytes_max);
  }
  if (in.bad()) return failed("cannot read {}", path);
  return out;
}

}  // namespace peering::cli
