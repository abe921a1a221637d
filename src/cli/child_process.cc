#include "cli/child_process.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <thread>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace peering::cli {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

std::string program_beside(const std::string& name) {
  std::error_code failed;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", failed);
  if (failed) return name;
  const auto beside = self.parent_path() / name;
  return std::filesystem::exists(beside, failed) ? beside.string() : name;
}

namespace {

// In the child, between fork and exec: only calls that are safe there.
[[noreturn]] void become(char* const* words, int output, int errors, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) _exit(127);
  // An interrupt from the terminal is for this program, which then ends the child in order.
  setpgid(0, 0);
  if (output >= 0) dup2(output, STDOUT_FILENO);
  if (errors >= 0) dup2(errors, STDERR_FILENO);
  std::signal(SIGPIPE, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  execvp(words[0], words);
  const char message[] = "cannot be started\n";
  [[maybe_unused]] const auto written = write(STDERR_FILENO, message, sizeof message - 1);
  _exit(127);
}

int exit_code_of_wait(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

}  // namespace

Result<ChildProcess> ChildProcess::start(const std::vector<std::string>& words, const ChildOptions& options) {
  int pipe_ends[2] = {-1, -1}, errors = -1;
  if (!options.error_file.empty()) {
    errors = open(options.error_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (errors < 0) return fail(ErrorCode::io, "{}: {}", options.error_file, std::strerror(errno));
  }
  if (options.read_output && pipe2(pipe_ends, O_CLOEXEC) != 0) {
    const int reason = errno;
    if (errors >= 0) close(errors);
    return fail(ErrorCode::io, "no pipe: {}", std::strerror(reason));
  }
  std::vector<char*> pointers;
  for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid == 0) become(pointers.data(), pipe_ends[1], errors, parent);
  const int reason = errno;
  if (pipe_ends[1] >= 0) close(pipe_ends[1]);
  if (errors >= 0) close(errors);
  if (pid < 0) {
    if (pipe_ends[0] >= 0) close(pipe_ends[0]);
    return fail(ErrorCode::io, "cannot start {}: {}", words.front(), std::strerror(reason));
  }
  return ChildProcess(pid, pipe_ends[0]);
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      output_(std::exchange(other.output_, -1)),
      waiting_(std::move(other.waiting_)),
      ended_(other.ended_) {}

ChildProcess::~ChildProcess() {
  stop();
  if (output_ >= 0) close(output_);
}

std::optional<std::string> ChildProcess::read_line(steady_clock::time_point deadline) {
  while (output_ >= 0) {
    if (const std::size_t end = waiting_.find('\n'); end != std::string::npos) {
      std::string line = waiting_.substr(0, end);
      waiting_.erase(0, end + 1);
      return line;
    }
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - steady_clock::now()).count();
    pollfd wanted{output_, POLLIN, 0};
    const int ready = poll(&wanted, 1, static_cast<int>(std::max<long>(left, 0)));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return std::nullopt;
    char piece[4096];
    const ssize_t count = read(output_, piece, sizeof piece);
    if (count <= 0) return std::nullopt;
    waiting_.append(piece, static_cast<std::size_t>(count));
  }
  return std::nullopt;
}

std::optional<int> ChildProcess::wait(milliseconds patience) {
  const auto deadline = steady_clock::now() + patience;
  while (!ended_ && pid_ > 0) {
    int status = 0;
    if (waitpid(pid_, &status, WNOHANG) == pid_) {
      ended_ = exit_code_of_wait(status);
      break;
    }
    if (steady_clock::now() >= deadline) return std::nullopt;
    std::this_thread::sleep_for(milliseconds(10));
  }
  return ended_;
}

int ChildProcess::stop() {
  if (pid_ <= 0) return 0;
  if (!wait(milliseconds(0))) {
    kill(pid_, SIGTERM);
    if (!wait(std::chrono::seconds(10))) {
      kill(pid_, SIGKILL);
      wait(std::chrono::seconds(10));
    }
  }
  pid_ = -1;
  return ended_.value_or(-1);
}

}  // namespace peering::cli
