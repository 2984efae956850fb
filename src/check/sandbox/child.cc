// SPDX-License-Identifier: Apache-2.0
#include "check/sandbox/child.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "check/sandbox/fd_mail.h"

namespace check::sandbox {

namespace {

// What rt_sigaction(2) takes, as the kernel lays it out; all zero is SIG_DFL.
struct KernelAction {
  std::uintptr_t handler = 0;
  unsigned long flags = 0;  // NOLINT: the kernel's type.
  std::uintptr_t restorer = 0;
  std::uint64_t mask = 0;
};

constexpr std::size_t kStackBytes = 65536;

// Linux 5.19: a call that is being looked at is interrupted by a deadly signal only.
constexpr unsigned long kWaitKillable = 1UL << 5U;

enum class Step : std::uint8_t {
  None,
  Enter,
  Clone,
  Directory,
  Output,
  Filter,
  Give,
  Trace,
  Execute
};

// All that the two new processes need, prepared before, and what they report.
struct Launch {
  int init_pidfd = -1;
  int output = -1;
  int null = -1;
  const char* path = nullptr;
  const char* directory = nullptr;
  char* const* words = nullptr;
  char* const* environment = nullptr;
  void* program_stack = nullptr;
  const sock_fprog* filter = nullptr;  // Null: none.
  bool traced = false;
  int given = -1;
  int listener_socket = -1;  // Takes the filter's listener to the checker.

  pid_t pid = -1;
  Step failed = Step::None;
  int error = 0;
};

// --- In the new processes, which run in this process's memory while the calling thread waits. Only
// --- system calls.

int give_up(Launch& launch, Step step) {
  launch.failed = step;
  launch.error = errno;
  ::_exit(127);
}

// From here on every call of the process passes the filter.
bool install_filter(const Launch& launch) {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return false;
  const auto install = [&launch](unsigned long flags) {
    return ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, launch.filter);
  };
  long listener = install(SECCOMP_FILTER_FLAG_NEW_LISTENER | kWaitKillable);
  if (listener < 0 && errno == EINVAL) listener = install(SECCOMP_FILTER_FLAG_NEW_LISTENER);
  return listener >= 0 && send_fd(launch.listener_socket, static_cast<int>(listener));
}

int run_program(void* argument) {
  Launch& launch = *static_cast<Launch*>(argument);
  // By the kernel's own call: the C library leaves 32 and 33, which it uses itself, as they were.
  const KernelAction by_default{};
  for (int number = 1; number < NSIG; ++number) {
    ::syscall(SYS_rt_sigaction, number, &by_default, nullptr, sizeof by_default.mask);
  }
  ::setsid();
  if (::chdir(launch.directory) != 0) give_up(launch, Step::Directory);
  if (::dup2(launch.output, STDOUT_FILENO) < 0 || ::dup2(launch.output, STDERR_FILENO) < 0 ||
      ::dup2(launch.null, STDIN_FILENO) < 0) {
    give_up(launch, Step::Output);
  }
  if (launch.filter != nullptr && !install_filter(launch)) give_up(launch, Step::Filter);
  // After the filter's mail, whose socket may have that number.
  int last = STDERR_FILENO;
  if (launch.given >= 0) {
    last = Program::kGivenDescriptor;
    if (::dup2(launch.given, last) < 0) give_up(launch, Step::Give);
  }
  ::syscall(SYS_close_range, last + 1, ~0U, 0U);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (launch.traced && ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) {
    give_up(launch, Step::Trace);
  }
  ::execve(launch.path, launch.words, launch.environment);
  return give_up(launch, Step::Execute);
}

int run_helper(void* argument) {
  Launch& launch = *static_cast<Launch*>(argument);
  constexpr int kSpaces = CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC;
  if (::setns(launch.init_pidfd, kSpaces) != 0) give_up(launch, Step::Enter);
  // The signal at its end is the helper's own, SIGCHLD, as clone(2) says of CLONE_PARENT.
  launch.pid =
      ::clone(run_program, launch.program_stack, CLONE_VM | CLONE_VFORK | CLONE_PARENT, argument);
  if (launch.pid < 0) give_up(launch, Step::Clone);
  ::_exit(0);
}

// --- End of the code of the new processes.

class Stack {
 public:
  Stack() : bytes_(std::make_unique<Block>()) {}
  void* top() { return bytes_->data() + bytes_->size(); }

 private:
  struct alignas(64) Block : std::array<char, kStackBytes> {};
  std::unique_ptr<Block> bytes_;
};

bool executable(const std::string& path) {
  struct stat found {};
  return ::stat(path.c_str(), &found) == 0 && S_ISREG(found.st_mode) &&
         ::access(path.c_str(), X_OK) == 0;
}

std::string search_path(const Program& program) {
  for (const std::string& entry : program.environment) {
    if (entry.starts_with("PATH=")) return entry.substr(5);
  }
  const char* own = std::getenv("PATH");  // NOLINT: nothing here sets variables.
  return own != nullptr ? own : "/usr/local/bin:/usr/bin:/bin";
}

base::Result<std::string> find_program(const Program& program) {
  const std::string& word = program.words.front();
  if (word.find('/') != std::string::npos) {
    if (word.front() == '/') return word;
    std::array<char, 4096> here{};
    if (::getcwd(here.data(), here.size()) == nullptr) {
      return system_error("cannot find the working directory");
    }
    return std::string(here.data()) + "/" + word;
  }
  const std::string path = search_path(program);
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find(':', at), path.size());
    const std::string candidate = path.substr(at, end - at) + "/" + word;
    if (end > at && executable(candidate)) return candidate;
    at = end + 1;
  }
  return base::Error{base::ErrorCode::NotFound,
                     "no such program: " + word + " (looked in " + path + ")"};
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> made;
  made.reserve(strings.size() + 1);
  for (std::string& string : strings) made.push_back(string.data());
  made.push_back(nullptr);
  return made;
}

base::Error failure(const Launch& launch, const Program& program, const std::string& host) {
  switch (launch.failed) {
    case Step::None:
      break;
    case Step::Enter:
      return system_error("cannot enter the host " + host, launch.error);
    case Step::Clone:
      return system_error("cannot make a process on the host " + host, launch.error);
    case Step::Directory:
      return system_error("cannot change to the working directory " + program.directory,
                          launch.error);
    case Step::Output:
      return system_error("cannot redirect the output of " + program.words.front(), launch.error);
    case Step::Filter:
      return system_error("cannot filter the system calls of " + program.words.front(),
                          launch.error);
    case Step::Give:
      return system_error("cannot give a descriptor to " + program.words.front(), launch.error);
    case Step::Trace:
      return system_error("cannot trace " + program.words.front(), launch.error);
    case Step::Execute:
      if (launch.error == ENOENT) {
        return base::Error{base::ErrorCode::NotFound,
                           "no such program: " + std::string(launch.path)};
      }
      return system_error("cannot execute " + std::string(launch.path), launch.error);
  }
  return base::Error{base::ErrorCode::Io, "cannot start " + program.words.front()};
}

// Runs the two processes of `launch`; they inherit the blocked signals, so that no handler of this
// process runs in them.
base::Status run(Launch& launch) {
  Stack helper_stack;
  Stack program_stack;
  launch.program_stack = program_stack.top();
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t helper = ::clone(run_helper, helper_stack.top(),
                               CLONE_VM | CLONE_VFORK | CLONE_FILES | SIGCHLD, &launch);
  const int error = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (helper < 0) return system_error("cannot make a process", error);
  while (::waitpid(helper, nullptr, 0) < 0 && errno == EINTR) {
  }
  return base::Done{};
}

}  // namespace

base::Result<std::shared_ptr<Child>> Child::start(const Host& host, const Program& program) {
  if (program.words.empty()) {
    return base::Error{base::ErrorCode::InvalidArgument, "no program to start on " + host.name()};
  }
  TRY(const std::string path, find_program(program));
  std::vector<std::string> words = program.words;
  std::vector<std::string> environment = program.environment;
  const std::vector<char*> word_pointers = pointers(words);
  const std::vector<char*> environment_pointers = pointers(environment);
  const Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  // Descriptors above 2, so that putting one in place does not close another.
  const Fd input(::fcntl(null.get(), F_DUPFD_CLOEXEC, 3));
  // Above the place it is to have, so that it cannot be there already and be closed by execve(2).
  const Fd given(program.given_fd >= 0
                     ? ::fcntl(program.given_fd, F_DUPFD_CLOEXEC, Program::kGivenDescriptor + 1)
                     : -1);
  const Fd output(
      ::fcntl(program.output_fd >= 0 ? program.output_fd : null.get(), F_DUPFD_CLOEXEC, 3));
  if (!input.open() || !output.open() || given.open() != (program.given_fd >= 0)) {
    return system_error("cannot open the input and output of " + program.words.front());
  }
  Launch launch;
  launch.init_pidfd = host.init_pidfd();
  launch.output = output.get();
  launch.null = input.get();
  launch.path = path.c_str();
  launch.directory = program.directory.empty() ? "/" : program.directory.c_str();
  launch.traced = program.traced;
  launch.given = given.get();
  launch.words = word_pointers.data();
  launch.environment = environment_pointers.data();
  TRY(const FdMail mail, make_fd_mail());
  std::vector<sock_filter> filter = program.filter;
  const sock_fprog filter_program{static_cast<unsigned short>(filter.size()), filter.data()};
  if (!filter.empty()) launch.filter = &filter_program;
  launch.listener_socket = mail.there.get();
  TRY([[maybe_unused]] const auto ran, run(launch));
  if (launch.failed != Step::None) {
    if (launch.pid > 0) ::waitpid(launch.pid, nullptr, 0);
    return failure(launch, program, host.name());
  }
  // It is our child and not reaped yet: the number cannot mean another process.
  Fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, launch.pid, 0)));
  if (!pidfd.open()) {
    const base::Error error = system_error("cannot watch " + program.words.front());
    ::kill(launch.pid, SIGKILL);
    ::waitpid(launch.pid, nullptr, 0);
    return error;
  }
  return std::make_shared<Child>(launch.pid, std::move(pidfd), receive_fd(mail.here.get()));
}

Child::Child(pid_t pid, Fd pidfd, Fd listener)
    : pid_(pid), pidfd_(std::move(pidfd)), listener_(std::move(listener)) {}

Child::~Child() { kill_and_reap(); }

std::optional<ExitStatus> Child::reap(int options) {
  if (status_) return status_;
  siginfo_t info{};
  int result = -1;
  do {
    result = ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | options);
  } while (result != 0 && errno == EINTR);
  if (result == 0 && info.si_pid == pid_) {
    status_ = ExitStatus{.signalled = info.si_code != CLD_EXITED, .code = info.si_status};
  }
  return status_;
}

std::optional<ExitStatus> Child::exited() {
  const std::lock_guard lock(mutex_);
  return reap(WNOHANG);
}

void Child::signal(int number) {
  const std::lock_guard lock(mutex_);
  if (!status_) ::kill(pid_, number);  // Not reaped: the number is still its own.
}

Fd Child::take_listener() {
  const std::lock_guard lock(mutex_);
  return std::exchange(listener_, Fd());
}

void Child::kill_and_reap() {
  const std::lock_guard lock(mutex_);
  if (status_) return;
  ::kill(pid_, SIGKILL);
  reap(0);
}

}  // namespace check::sandbox
