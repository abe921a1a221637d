// The inputs of `peeringctl analyze`, each read to its end into an engine.
#pragma once

#include <istream>
#include <ostream>
#include <string>

#include "cli/analyze_engine.h"

namespace peering::cli {

enum class InputFormat : std::uint8_t { ris, mrt, bmp };

/// By the first bytes: JSON text, a BMP common header, else MRT. Of a compressed file it wants plain ones.
InputFormat detect_format(std::string_view start);

/// What was read, over all inputs.
struct InputCount {
  std::size_t records = 0, malformed = 0;
};

/// Where problems are told. After `told_max` of them the rest is only counted.
class Complaints {
 public:
  Complaints(std::string source, std::ostream& err) : source_(std::move(source)), err_(err) {}
  void say(std::string_view where, std::size_t number, std::string_view what);

 private:
  static constexpr std::size_t told_max = 20;
  std::string source_;
  std::ostream& err_;
  std::size_t told_ = 0;
};

/// RIS Live JSON lines. Updates are judged in the order of their timestamps as far as they are at most a
/// minute late; what is later still is judged when it comes.
void read_ris(std::istream& in, AnalyzeEngine& engine, InputCount& count, Complaints& complaints);
/// An MRT file: updates, session states and tables; other records are counted only.
void read_mrt(const std::string& path, AnalyzeEngine& engine, InputCount& count, Complaints& complaints);
/// What one router sent over a BMP session, recorded as it came; compressed as an MRT file may be.
void read_bmp(const std::string& path, AnalyzeEngine& engine, InputCount& count, Complaints& complaints);

}  // namespace peering::cli
