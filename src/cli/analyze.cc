#include "cli/analyze.h"

#include <fstream>
#include <iterator>
#include <sstream>

#include "cli/analyze_input.h"

namespace peering::cli {

namespace {

constexpr int exit_ran = 0, exit_failed = 1, exit_usage = 2;

Result<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(ErrorCode::io, "{}: cannot be opened", path);
  std::string out{std::istreambuf_iterator<char>(file), {}};
  if (file.bad()) return fail(ErrorCode::io, "{}: cannot be read", path);
  return out;
}

Result<void> add_relationships(const std::string& path, detect::Settings& settings) {
  const auto text = read_file(path);
  if (!text) return tl::unexpected(text.error());
  auto parsed = detect::Relationships::parse(*text);
  if (!parsed) return fail(parsed.error().code, "{}: {}", path, parsed.error().message);
  if (settings.relationships) parsed->merge(*settings.relationships);
  settings.relationships = std::make_shared<const detect::Relationships>(std::move(*parsed));
  return {};
}

Result<detect::WatchFile> prepare(const AnalyzeOptions& options, std::ostream& err) {
  const auto text = read_file(options.watch_file);
  if (!text) return tl::unexpected(text.error());
  auto watch = detect::read_watch_file(*text);
  if (!watch) return fail(watch.error().code, "{}: {}", options.watch_file, watch.error().message);
  for (const std::string& note : watch->notes) err << options.watch_file << ": " << note << '\n';
  for (const std::string& key : watch->unknown_keys) {
    err << options.watch_file << ": key `" << key << "` is not known and ignored\n";
  }
  if (!options.as_relationships.empty()) {
    const auto done = add_relationships(options.as_relationships, watch->settings);
    if (!done) return tl::unexpected(done.error());
  }
  return watch;
}

bool read_input(const std::string& name, std::istream& in, AnalyzeEngine& engine, InputCount& count,
                std::ostream& err) {
  Complaints complaints(name == "-" ? "stdin" : name, err);
  if (name == "-") {
    read_ris(in, engine, count, complaints);
    return true;
  }
  std::ifstream file(name, std::ios::binary);
  if (!file) {
    err << name << ": cannot be opened\n";
    return false;
  }
  read_ris(file, engine, count, complaints);
  return true;
}

}  // namespace

void Complaints::say(std::string_view where, std::size_t number, std::string_view what) {
  if (++told_ <= told_max) err_ << fmt::format("{}: {} {}: {}\n", source_, where, number, what);
  if (told_ == told_max) err_ << source_ << ": further problems are only counted\n";
}

int run_analyze(const AnalyzeOptions& options, std::istream& in, std::ostream& out, std::ostream& err) {
  auto watch = prepare(options, err);
  if (!watch) {
    err << watch.error().message << '\n';
    return exit_usage;
  }
  AnalyzeEngine engine(std::move(*watch), out);
  InputCount count;
  bool all_read = true;
  for (const std::string& name : options.inputs) {
    all_read = read_input(name, in, engine, count, err) && all_read;
  }
  out.flush();
  err << fmt::format("{} records, {} malformed\n", count.records, count.malformed);
  return all_read && out.good() ? exit_ran : exit_failed;
}

}  // namespace peering::cli
