// Round-trip samples out of log files that grow: each line once, whatever crashes when.
//
// What is stored of a file carries an idempotency key, "this generation of its content from this offset",
// whose answer is where it ends; the position that is written down may therefore lag behind. A process that
// begins from an older position is told by the store how far each step went, and adds nothing twice. The
// generation is written down before anything of it is stored.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "app/configuration.h"
#include "base/metrics.h"
#include "base/result.h"
#include "latency/sample_log.h"
#include "model/registry.h"
#include "model/sample.h"
#include "model/time_zone.h"

namespace peering::app {

enum class LogFormat : std::uint8_t { json, trafficserver };

/// One file that is followed.
struct FollowedLog {
  std::string path;
  LogFormat format = LogFormat::json;
  std::string pop, source;  ///< of lines that name none
  model::TimeZone zone;     ///< of times that name none
  bool from_beginning = true;
};

struct FileSamplesSettings {
  std::vector<FollowedLog> logs;
  std::string data_dir;  ///< positions are in its folder `followed`
  Microseconds accept_age{};
  std::chrono::milliseconds look_every{500};
  std::chrono::milliseconds position_every{10'000};
  std::chrono::milliseconds renamed_quiet{5000};
};

/// What `[[latency.files]]` says. `invalid_argument`: an entry cannot be followed.
Result<FileSamplesSettings> file_samples_settings(const Configuration& configuration);

struct FileSamplesServices {
  std::function<Result<latency::LoggedBatch>(const model::SampleBatch&, std::string_view answer)>
      accept_samples;
  std::function<model::RegistryPointer()> registry;
};

/// Inert until `start`. `start` and `stop` from one thread; `troubles` from any.
class FileSamples {
 public:
  /// `metrics` must outlive it.
  FileSamples(FileSamplesSettings settings, FileSamplesServices services, Metrics& metrics);
  ~FileSamples();
  FileSamples(const FileSamples&) = delete;
  FileSamples& operator=(const FileSamples&) = delete;

  /// `io`, `corrupt`: what was remembered cannot be read.
  Result<void> start();
  /// Writes positions down. Idempotent.
  void stop();
  /// Files that cannot be read, or whose samples cannot be stored, in words for people.
  std::vector<std::string> troubles() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace peering::app
