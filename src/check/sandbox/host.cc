// SPDX-License-Identifier: Apache-2.0
#include "check/sandbox/host.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <array>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <utility>

namespace check::sandbox {

namespace {

constexpr int kAnswerMilliseconds = 5000;
constexpr int kControl = 3;  // The control socket in the init process.

// On the control socket. The answer with serial 0 says how the set-up went.
struct Order {
  std::uint32_t serial;
  int signal;
};
struct Answer {
  std::uint32_t serial;
  int failure;  // 0, or errno; of the set-up: the step + 1, shifted by 16, and errno.
};

// What init does before it serves.
enum class Step : std::uint8_t { Name, Proc, Run };
constexpr std::array kStepNames{"name the host", "mount /proc of the host",
                                "mount /run of the host"};

// --- From here to `run_init`: in the new process, which is a copy of one thread of a process with
// --- many. Only async-signal-safe calls (signal-safety(7)).

void write_file(const char* path, const char* text) {
  const int fd = ::open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return;
  [[maybe_unused]] const ssize_t written = ::write(fd, text, std::strlen(text));
  ::close(fd);
}

void forget_the_checker(int control) {
  for (int number = 1; number < NSIG; ++number) {
    ::signal(number, SIG_DFL);  // For an init process the default is to ignore.
  }
  ::signal(SIGCHLD, SIG_IGN);  // The kernel reaps.
  ::setsid();
  const int null = ::open("/dev/null", O_RDWR);
  for (int fd = 0; fd <= 2; ++fd) ::dup2(null, fd);
  ::dup2(control, kControl);
  ::syscall(SYS_close_range, kControl + 1, ~0U, 0U);
}

int set_up_host(const char* name) {
  const auto failed = [](Step step) { return (static_cast<int>(step) + 1) << 16 | errno; };
  ::prctl(PR_SET_NAME, "host-init");
  if (::sethostname(name, std::strlen(name)) != 0) return failed(Step::Name);
  constexpr unsigned long kPlain = MS_NOSUID | MS_NODEV | MS_NOEXEC;
  if (::mount("proc", "/proc", "proc", kPlain, nullptr) != 0) return failed(Step::Proc);
  if (::mount("tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755") != 0) {
    return failed(Step::Run);
  }
  // Where these do not exist, nothing is to be hidden or switched off.
  ::mount("tmpfs", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777");
  write_file("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1");
  return 0;
}

[[noreturn]] void run_init(const char* name, int control) {
  forget_the_checker(control);
  Answer answer{.serial = 0, .failure = set_up_host(name)};
  while (true) {
    if (::write(kControl, &answer, sizeof answer) != sizeof answer) ::_exit(0);
    Order order{};
    ssize_t size = -1;
    do {
      size = ::read(kControl, &order, sizeof order);
    } while (size < 0 && errno == EINTR);
    if (size != sizeof order) ::_exit(0);  // The checker let go of the host.
    const bool sent = ::kill(-1, order.signal) == 0 || errno == ESRCH;  // ESRCH: nobody is there.
    answer = Answer{.serial = order.serial, .failure = sent ? 0 : errno};
  }
}

// --- End of the code of the new process.

// Calls `visit(name, number)` for each entry of a directory that is a number.
template <class Visit>
base::Status each_number(int directory, const char* path, Visit visit) {
  const int fd = ::openat(directory, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return system_error("cannot list the processes of a host");
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(::fdopendir(fd), ::closedir);
  if (listing == nullptr) {
    ::close(fd);
    return system_error("cannot list the processes of a host");
  }
  while (const dirent* entry = ::readdir(listing.get())) {  // NOLINT: one thread, one listing.
    const std::string name = entry->d_name;
    pid_t number = 0;
    const auto parsed = std::from_chars(name.data(), name.data() + name.size(), number);
    if (parsed.ec == std::errc{} && parsed.ptr == name.data() + name.size()) visit(name, number);
  }
  return base::Done{};
}

// The letter after the command name, which may itself hold ')'. 0: the thread is gone.
char state_letter(int proc, const std::string& path) {
  const Fd file(::openat(proc, path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.open()) return 0;
  std::array<char, 512> text{};
  const ssize_t size = ::read(file.get(), text.data(), text.size());
  if (size <= 0) return 0;
  const std::string_view line(text.data(), static_cast<std::size_t>(size));
  const std::size_t close = line.rfind(')');
  return close != std::string_view::npos && close + 2 < line.size() ? line[close + 2] : char{0};
}

}  // namespace

base::Result<Host> Host::begin(const std::string& name) {
  Host host;
  host.name_ = name;
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return system_error("cannot make the control socket of host " + name);
  }
  host.control_ = Fd(ends[0]);
  const Fd theirs(ends[1]);
  int pidfd = -1;
  clone_args arguments{};
  arguments.flags =
      CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_PIDFD;
  arguments.pidfd = reinterpret_cast<std::uint64_t>(&pidfd);
  arguments.exit_signal = SIGCHLD;
  const long pid = ::syscall(SYS_clone3, &arguments, sizeof arguments);
  if (pid < 0) return system_error("cannot make the namespaces of host " + name);
  if (pid == 0) run_init(name.c_str(), theirs.get());
  host.pid_ = static_cast<pid_t>(pid);
  host.init_ = Fd(pidfd);
  const std::string path = "/proc/" + std::to_string(pid) + "/ns/net";
  host.network_ = Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!host.network_.open()) return system_error("cannot open " + path);
  return host;
}

base::Status Host::ready() {
  TRY(const int failure, answer(0));
  if (failure != 0) {
    const auto step = static_cast<std::size_t>(failure >> 16) - 1;
    return system_error("cannot " + std::string(kStepNames.at(step)) + " " + name_,
                        failure & 0xffff);
  }
  const std::string path = "/proc/" + std::to_string(pid_) + "/root/proc";
  proc_ = Fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!proc_.open()) return system_error("cannot open " + path);
  return base::Done{};
}

Host::~Host() {
  if (!init_.open()) return;  // Moved from, or never begun.
  kill();
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

void Host::kill() const { ::syscall(SYS_pidfd_send_signal, init_.get(), SIGKILL, nullptr, 0); }

base::Result<int> Host::answer(std::uint32_t serial) {
  while (true) {
    pollfd readable{.fd = control_.get(), .events = POLLIN, .revents = 0};
    const int count = ::poll(&readable, 1, kAnswerMilliseconds);
    if (count < 0 && errno == EINTR) continue;
    if (count == 0) {
      return base::Error{base::ErrorCode::Timeout,
                         "the init process of host " + name_ + " did not answer within 5 s"};
    }
    Answer answer{};
    if (count < 0 || ::read(control_.get(), &answer, sizeof answer) != sizeof answer) {
      return base::Error{base::ErrorCode::Unavailable,
                         "the init process of host " + name_ + " has ended"};
    }
    if (answer.serial == serial) return answer.failure;  // Else a late answer to an older order.
  }
}

base::Status Host::signal_all(int signal) {
  const Order order{.serial = ++serial_, .signal = signal};
  if (::send(control_.get(), &order, sizeof order, MSG_NOSIGNAL) != sizeof order) {
    return system_error("cannot reach the init process of host " + name_);
  }
  TRY(const int failure, answer(order.serial));
  if (failure != 0) return system_error("cannot signal the processes of host " + name_, failure);
  return base::Done{};
}

base::Result<std::vector<ProcessState>> Host::processes() const {
  std::vector<ProcessState> found;
  TRY([[maybe_unused]] const auto listed,
      each_number(proc_.get(), ".", [&found](const std::string&, pid_t pid) {
        if (pid != 1) found.push_back({.pid = pid, .thread_states = {}});
      }));
  std::erase_if(found, [this](ProcessState& process) {
    const std::string path = std::to_string(process.pid);
    const auto tasks =
        each_number(proc_.get(), (path + "/task").c_str(), [&](const std::string& task, pid_t) {
          const char letter = state_letter(proc_.get(), path + "/task/" + task + "/stat");
          if (letter != 0) process.thread_states += letter;
        });
    return !tasks.ok() || process.thread_states.empty();  // It ended meanwhile.
  });
  return found;
}

}  // namespace check::sandbox
