// A test that runs itself again in another process: one that may be killed, or that may live on a disk of its
// own. The test asks `child_folder()`: with a folder it is the child, without it is the parent.
#pragma once

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"

namespace peering::store::conformance {

inline constexpr const char* child_variable = "PEERING_TEST_CHILD_FOLDER";

inline std::optional<std::string> child_folder() {
  const char* folder = std::getenv(child_variable);
  return folder ? std::optional<std::string>(folder) : std::nullopt;
}

/// Said by the child; read by the parent. `text` without line breaks.
inline void tell_parent(std::string_view text) {
  const std::string line = fmt::format("@{}\n", text);
  PEERING_CHECK(::write(STDOUT_FILENO, line.data(), line.size()) == static_cast<ssize_t>(line.size()));
}

/// Runs the current test in another process.
class OwnChild {
 public:
  explicit OwnChild(const std::string& folder) {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    const std::string filter = fmt::format("--gtest_filter={}.{}", test->test_suite_name(), test->name());
    const std::string variable = fmt::format("{}={}", child_variable, folder);
    int ends[2];
    PEERING_CHECK(::pipe2(ends, O_CLOEXEC) == 0);
    std::vector<char*> environment;
    for (char** each = environ; *each; ++each) environment.push_back(*each);
    environment.push_back(const_cast<char*>(variable.c_str()));
    environment.push_back(nullptr);
    char program[] = "/proc/self/exe";
    char* arguments[] = {program, const_cast<char*>(filter.c_str()), nullptr};
    pid_ = ::fork();
    PEERING_CHECK(pid_ >= 0);
    if (pid_ == 0) {
      ::dup2(ends[1], STDOUT_FILENO);
      ::execve(program, arguments, environment.data());
      ::_exit(127);
    }
    ::close(ends[1]);
    output_ = ends[0];
  }
  ~OwnChild() {
    kill();
    ::close(output_);
  }
  OwnChild(const OwnChild&) = delete;
  OwnChild& operator=(const OwnChild&) = delete;

  /// What the child tells, from now on: until it ends, or until `time` has passed since its first word (then
  /// it is killed, as by `kill -9`, and what it told before that is still read).
  std::vector<std::string> listen(std::optional<std::chrono::milliseconds> time = {}) {
    std::vector<std::string> told;
    std::string text;
    std::optional<std::chrono::steady_clock::time_point> first;
    char bytes[4096];
    while (true) {
      const ssize_t count = ::read(output_, bytes, sizeof bytes);
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) break;
      text.append(bytes, static_cast<std::size_t>(count));
      for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n')) {
        if (text.starts_with('@')) told.push_back(text.substr(1, end - 1));
        text.erase(0, end + 1);
      }
      if (!time || told.empty()) continue;
      if (!first) first = std::chrono::steady_clock::now();
      if (std::chrono::steady_clock::now() - *first >= *time) kill();
    }
    return told;
  }

  /// Exit code of a child that ended by itself, -1 of one that was killed.
  int exit_code() {
    reap();
    return WIFEXITED(status_) ? WEXITSTATUS(status_) : -1;
  }

 private:
  void kill() {
    if (!reaped_) ::kill(pid_, SIGKILL);
    reap();
  }
  void reap() {
    if (!reaped_) ::waitpid(pid_, &status_, 0);
    reaped_ = true;
  }

  pid_t pid_ = -1;
  int output_ = -1;
  int status_ = 0;
  bool reaped_ = false;
};

/// Puts a file system of its own, of that size in memory, over `folder`, for this process only. False when
/// the machine does not allow it.
inline bool mount_small_disk(const std::string& folder, std::size_t megabytes) {
  const int namespaces = ::geteuid() == 0 ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER;
  if (::unshare(namespaces) != 0) return false;
  if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return false;
  return ::mount("tmpfs", folder.c_str(), "tmpfs", 0, fmt::format("size={}m", megabytes).c_str()) == 0;
}

/// Fills the disk under `folder` to the last byte; gives the file to remove to make room again.
inline std::string fill_disk(const std::string& folder) {
  std::string path = folder + "/filler";
  const int file = ::open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
  PEERING_CHECK(file >= 0);
  for (std::size_t size = std::size_t{1} << 20; size > 0; size /= 2) {
    const std::string block(size, 'x');
    while (::write(file, block.data(), block.size()) == static_cast<ssize_t>(block.size())) {
    }
  }
  ::close(file);
  return path;
}

}  // namespace peering::store::conformance
