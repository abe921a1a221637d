#include "cli/replay.h"

#include <algorithm>
#include <memory>

#include "cli/analyze_mrt.h"
#include "cli/archive_files.h"
#include "cli/output.h"
#include "cli/replay_summary.h"
#include "feeds/mrt_file.h"
#include "wire/mrt/record.h"

namespace peering::cli {

namespace {

namespace mrt = wire::mrt;

const Columns summary_columns = {
    {"Kind", "kind"},
    {"Prefix", "prefix"},
    {"Severity", "severity", Show::level},
    {"Events", "events", Show::number},
    {"Alerts", "alerts", Show::number},
    {"First", "first", Show::time},
    {"Last", "last", Show::time},
};

// The updates of one collector, file after file.
class Lane {
 public:
  Lane(std::vector<std::string> files, InputCount& count, std::ostream& err)
      : files_(std::move(files)), count_(count), err_(err) {
    next();
  }

  bool ended() const { return !file_; }
  const mrt::Record& record() const { return record_; }

  void next() {
    while (true) {
      if (!file_ && !open()) return;
      const auto more = file_->next(record_);
      if (file_->gap() || !more) ++count_.malformed;
      if (!more) err_ << fmt::format("{}: {}\n", files_[at_ - 1], more.error().message);
      if (more && *more) return;
      file_.reset();
    }
  }

 private:
  bool open() {
    while (at_ < files_.size()) {
      auto opened = feeds::MrtFile::open(files_[at_++]);
      if (opened) {
        file_ = std::make_unique<feeds::MrtFile>(std::move(*opened));
        return true;
      }
      ++count_.malformed;
      err_ << opened.error().message << '\n';
    }
    return false;
  }

  const std::vector<std::string> files_;
  InputCount& count_;
  std::ostream& err_;
  std::size_t at_ = 0;
  std::unique_ptr<feeds::MrtFile> file_;
  mrt::Record record_;  // refers to the file's memory
};

class Replay {
 public:
  Replay(const ReplayOptions& options, detect::WatchFile watch, std::ostream& out, std::ostream& err)
      : options_(options),
        out_(out),
        err_(err),
        summary_(options.alert_level),
        engine_(std::move(watch),
                [this](const model::Event& event, const json::object& line) { take(event, line); }),
        complaints_("replay", err),
        reader_(engine_, count_, complaints_) {}

  void run(const std::vector<ArchiveLane>& archive) {
    for (const ArchiveLane& each : archive) {
      if (!each.table.empty()) read_table(each.table);
    }
    std::vector<std::unique_ptr<Lane>> lanes;
    for (const ArchiveLane& each : archive) {
      lanes.push_back(std::make_unique<Lane>(each.updates, count_, err_));
    }
    while (Lane* lane = earliest(lanes)) {
      if (lane->record().time() >= options_.from) begin();
      reader_.take(lane->record(), ++number_);
      lane->next();
    }
    begin();
    // What the last records set going comes due within the stretch.
    engine_.at(number_, options_.to - Microseconds(1));
  }

  void tell_summary(const Settings& settings) {
    Settings as_table = settings;
    as_table.format = Format::table;
    as_table.colored = false;
    err_ << fmt::format("{} records, {} malformed\n", count_.records, count_.malformed);
    const json::array rows = summary_.rows();
    if (rows.empty()) {
      err_ << "nothing would have fired\n";
      return;
    }
    err_ << format_list(rows, summary_columns, as_table);
    err_ << fmt::format("{} would have been alerts at level {} or worse\n", summary_.alerts(),
                        to_string(options_.alert_level));
  }
  std::size_t records() const { return count_.records; }

 private:
  // The lane whose record is the oldest before the end; lanes that go beyond it are done.
  Lane* earliest(const std::vector<std::unique_ptr<Lane>>& lanes) const {
    Lane* out = nullptr;
    for (const auto& lane : lanes) {
      if (lane->ended() || lane->record().time() >= options_.to) continue;
      if (!out || lane->record().time() < out->record().time()) out = lane.get();
    }
    return out;
  }

  // From here on lines are written; first what is open already.
  void begin() {
    if (std::exchange(begun_, true)) return;
    for (auto& [id, carried] : open_before_) {
      carried.second["before"] = true;
      write(carried.first, carried.second);
    }
    open_before_.clear();
  }

  void take(const model::Event& event, const json::object& line) {
    if (begun_) return write(event, line);
    if (event.state == model::EventState::open) {
      open_before_.insert_or_assign(event.id, std::make_pair(event, line));
    } else {
      open_before_.erase(event.id);
    }
  }

  void write(const model::Event& event, const json::object& line) {
    out_ << json::serialize(line) << '\n';
    summary_.add(event);
  }

  void read_table(const std::string& path) {
    auto file = feeds::MrtFile::open(path);
    if (!file) {
      ++count_.malformed;
      err_ << file.error().message << '\n';
      return;
    }
    mrt::Record record;
    for (auto more = file->next(record); more && *more; more = file->next(record)) {
      reader_.take(record, ++number_);
    }
  }

  const ReplayOptions& options_;
  std::ostream& out_;
  std::ostream& err_;
  ReplaySummary summary_;
  bool begun_ = false;
  std::map<model::EventId, std::pair<model::Event, json::object>> open_before_;
  AnalyzeEngine engine_;
  InputCount count_;
  Complaints complaints_;
  MrtReader reader_;
  std::size_t number_ = 0;
};

}  // namespace

Outcome<void> run_replay(const ReplayOptions& options, const Settings& settings, std::ostream& out,
                         std::ostream& err) {
  auto watch = read_watch(options.watch, err);
  if (!watch) return usage_error("{}", watch.error().message);
  const auto lanes = archive_lanes(options.folders, options.files, options.from, options.to);
  if (!lanes) return failure_of(lanes.error());
  if (lanes->empty()) {
    return failed("no archived file tells of {} to {}", format_rfc3339(options.from),
                  format_rfc3339(options.to));
  }
  Replay replay(options, std::move(*watch), out, err);
  replay.run(*lanes);
  replay.tell_summary(settings);
  out.flush();
  if (replay.records() == 0) return failed("none of the files could be read");
  if (!out) return failed("the output cannot be written");
  return {};
}

}  // namespace peering::cli
