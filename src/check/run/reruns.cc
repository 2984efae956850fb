// SPDX-License-Identifier: Apache-2.0
#include "check/run/reruns.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <thread>
#include <utility>
#include <vector>

#include "check/run/analyse.h"
#include "check/run/commands.h"
#include "check/run/contained_run.h"
#include "check/run/interrupts.h"
#include "check/run/verdict_file.h"

namespace check::run {

namespace fs = std::filesystem;

namespace {

using std::chrono::milliseconds;

constexpr std::size_t kAtATime = 2;
// Exit codes of a rerun's process.
constexpr int kPassed = 0;
constexpr int kFailed = 1;
constexpr int kNotDone = 3;
constexpr milliseconds kPoll{5};
// What is in a sandbox ends a moment after its outermost process.
constexpr int kRemovals = 100;
constexpr std::size_t kShownOutput = 600;

void remove_all(const std::string& path) {
  std::error_code error;
  for (int k = 0; k < kRemovals; ++k) {
    fs::remove_all(path, error);
    if (!fs::exists(path, error)) return;
    std::this_thread::sleep_for(kPoll);
  }
}

// Closed, if somebody else has it.
sandbox::Fd locked(const std::string& folder) {
  sandbox::Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.open() && ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) fd.close();
  return fd;
}

std::string end_of(const std::string& path) {
  const auto text = read_file(path);
  if (!text.ok()) return text.error().message;
  const std::string& all = text.value();
  return all.size() <= kShownOutput ? all : "..." + all.substr(all.size() - kShownOutput);
}

// What the process prints goes to a file.
void redirect_output(const std::string& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (fd < 0) _exit(kNotDone);
  ::dup2(fd, STDOUT_FILENO);
  ::dup2(fd, STDERR_FILENO);
}

}  // namespace

struct Reruns::Child {
  pid_t pid = -1;
  std::string path;  // Its run directory; beside it is its output, PATH.log.
  Clock::time_point started;
};

void Reruns::clear_remains(const std::string& folder) {
  const std::string_view pattern = kFolder;
  const std::string_view begin = pattern.substr(0, pattern.find('X'));
  std::error_code error;
  std::vector<std::string> remains;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(begin) && name.size() == pattern.size()) {
      remains.push_back(entry.path().string());
    }
  }
  for (const std::string& path : remains) {
    if (locked(path).open()) remove_all(path);
  }
}

base::Result<Reruns> Reruns::create(Options options) {
  std::error_code error;
  fs::create_directory(options.folder, error);
  if (error) {
    return base::Error{base::ErrorCode::Io, fmt::format("cannot make the folder {}: {}",
                                                        options.folder, error.message())};
  }
  sandbox::Fd lock = locked(options.folder);
  return Reruns(std::move(options), std::move(lock));
}

Reruns::Reruns(Reruns&& other) noexcept
    : options_(std::move(other.options_)),
      lock_(std::move(other.lock_)),
      next_(other.next_),
      failing_time_(other.failing_time_) {
  other.moved_from_ = true;
}

Reruns::~Reruns() {
  if (!moved_from_) remove_all(options_.folder);
}

void Reruns::be_rerun(const plan::Plan& plan, const std::string& path) const {
  redirect_output(path + ".log");
  const auto code = run_contained({options_.check, plan, path, "", options_.manner});
  if (!code.ok()) complain(code.error().message);
  if (!code.ok() || !judged(code.value())) _exit(kNotDone);
  const auto text = read_file(path + "/verdict.json");
  const auto checkers =
      text.ok() ? convicting_checkers(text.value(), path + "/verdict.json") : text.error();
  if (!checkers.ok()) complain(checkers.error().message);
  if (!checkers.ok()) _exit(kNotDone);
  const bool failed = std::ranges::any_of(
      checkers.value(), [&](const auto& checker) { return options_.wanted.contains(checker); });
  _exit(failed ? kFailed : kPassed);
}

base::Result<Reruns::Child> Reruns::start(const plan::Plan& plan) {
  Child child;
  child.path = fmt::format("{}/{}", options_.folder, next_++);
  child.started = Clock::now();
  (void)std::fflush(nullptr);  // What is buffered is to be printed once.
  const pid_t parent = ::getpid();
  child.pid = ::fork();
  if (child.pid < 0) {
    return base::Error{base::ErrorCode::Unavailable,
                       fmt::format("cannot start a process: {}", std::strerror(errno))};
  }
  if (child.pid > 0) return child;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) _exit(kNotDone);
  ::setpgid(0, 0);  // The terminal's signals reach the parent alone.
  be_rerun(plan, child.path);
}

void Reruns::clear(Child& child) const {
  if (child.pid > 0) {
    ::kill(child.pid, SIGKILL);
    ::waitpid(child.pid, nullptr, 0);
    child.pid = -1;
  }
  remove_all(child.path);
  remove_all(child.path + ".log");
}

base::Status Reruns::take(const Child& child, int status, Tally& tally) {
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : kNotDone;
  const bool done = code == kFailed || code == kPassed;
  if (!done && !done_one_) {
    return base::Error{base::ErrorCode::Unavailable,
                       "a rerun could not be done: " + end_of(child.path + ".log")};
  }
  done_one_ = done_one_ || done;
  tally.runs += 1;
  if (code != kFailed) return base::Done{};
  tally.failed += 1;
  failing_time_ = std::chrono::duration_cast<milliseconds>(Clock::now() - child.started);
  remove_all(options_.kept);
  std::error_code error;
  fs::rename(child.path, options_.kept, error);
  return base::Done{};
}

// Until one of the children has ended, and is taken from the list, or `end` has come.
base::Status Reruns::await(std::vector<Child>& children, Clock::time_point end, Tally& tally) {
  while (true) {
    for (std::size_t i = 0; i < children.size(); ++i) {
      Child& child = children[i];
      int status = 0;
      const bool ended = ::waitpid(child.pid, &status, WNOHANG) == child.pid;
      const bool late = !ended && Clock::now() - child.started > options_.limit;
      if (!ended && !late) continue;
      base::Status taken = base::Done{};
      if (ended) {
        child.pid = -1;
        taken = take(child, status, tally);
      } else {
        tally.runs += 1;
      }
      clear(child);
      children.erase(children.begin() + static_cast<std::ptrdiff_t>(i));
      return taken;
    }
    if (const std::string interrupt = held_interrupt(); !interrupt.empty()) {
      interrupted_ = true;
      return base::Error{base::ErrorCode::Unavailable, interrupt};
    }
    tally.cut = Clock::now() >= end;
    if (tally.cut) return base::Done{};
    std::this_thread::sleep_for(kPoll);
  }
}

base::Result<Reruns::Tally> Reruns::run(const plan::Plan& plan, int times, Clock::time_point end) {
  Tally tally;
  std::vector<Child> children;
  base::Status status = base::Done{};
  for (int begun = 0; status.ok() && !tally.cut && (begun < times || !children.empty());) {
    if (begun < times && children.size() < kAtATime) {
      auto child = start(plan);
      if (child.ok()) {
        children.push_back(child.value());
        begun += 1;
      } else {
        status = child.error();
      }
      continue;
    }
    status = await(children, end, tally);
  }
  for (Child& child : children) clear(child);
  if (!status.ok()) return status.error();
  return tally;
}

}  // namespace check::run
