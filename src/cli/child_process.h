// Another program as a child of this one: started, listened to, ended. The child gets SIGTERM when this
// process dies, however it dies.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "base/result.h"

namespace peering::cli {

/// `name` in the folder of this program, or just `name` (looked up in PATH) when it is not there.
std::string program_beside(const std::string& name);

struct ChildOptions {
  bool read_output = false;  ///< its stdout is ours to read; else it is inherited
  std::string error_file;    ///< its stderr goes here; empty: inherited
};

/// One child. Destroying it ends it: SIGTERM, and SIGKILL after 10 s. Not thread-safe.
class ChildProcess {
 public:
  /// Starts `words[0]` with the rest as arguments.
  static Result<ChildProcess> start(const std::vector<std::string>& words, const ChildOptions& options);
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&&) = delete;
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  ~ChildProcess();

  /// The next line of its stdout without the line break; nothing at the deadline or when it closed it.
  std::optional<std::string> read_line(std::chrono::steady_clock::time_point deadline);
  /// Its exit code (128 + n when signal n ended it), or nothing when it still runs after `patience`.
  std::optional<int> wait(std::chrono::milliseconds patience);
  /// Asks it to end and waits; its exit code.
  int stop();
  pid_t pid() const { return pid_; }

 private:
  ChildProcess(pid_t pid, int output) : pid_(pid), output_(output) {}

  pid_t pid_ = -1;
  int output_ = -1;
  std::string waiting_;
  std::optional<int> ended_;
};

}  // namespace peering::cli
