// SPDX-License-Identifier: Apache-2.0
// contain(): three processes.
//
//   outer      the user's: waits, passes signals on
//     init     pid 1 of the new process space: set-up, then reaps every orphan and nothing else
//       body   the checker: may wait for its own children, nobody takes their status away
//
// outer dies -> init: PDEATHSIG and the end of the life pipe; init dies -> the kernel kills all;
// body dies -> init exits.
#include "check/sandbox/contain.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <string>
#include <utility>

#include "check/sandbox/fd.h"
#include "check/sandbox/links.h"
#include "check/sandbox/requirements.h"
#include "check/sandbox/sandbox.h"
#include "check/sandbox/spaces.h"

namespace check::sandbox {

namespace {

constexpr std::array kPassedOn{SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH};
constexpr int kSignalled = 128;

struct Pipe {
  Fd read;
  Fd write;
};

base::Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return system_error("cannot make a pipe");
  return Pipe{Fd(ends[0]), Fd(ends[1])};
}

// The signals to pass on: not those the user told us to ignore, as nohup(1) does.
sigset_t passed_on() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int number : kPassedOn) {
    struct sigaction now {};
    ::sigaction(number, nullptr, &now);
    if (now.sa_handler != SIG_IGN) ::sigaddset(&set, number);
  }
  return set;
}

int exit_code(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : kSignalled + WTERMSIG(status);
}

// Reaps all that has ended. Returns true with `status` if `body` was among them.
bool reap(pid_t body, int& status) {
  bool over = false;
  int one = 0;
  for (pid_t pid = 0; (pid = ::waitpid(-1, &one, WNOHANG)) > 0;) {
    if (pid == body) {
      over = true;
      status = one;
    }
  }
  return over;
}

// The rest of the life of the init process. `wake` tells of SIGCHLD and of signals to pass on.
[[noreturn]] void watch_over(pid_t body, int life, int wake) {
  std::array<pollfd, 2> ready{pollfd{.fd = life, .events = POLLIN, .revents = 0},
                              pollfd{.fd = wake, .events = POLLIN, .revents = 0}};
  int status = 0;
  while (!reap(body, status)) {
    if (::poll(ready.data(), ready.size(), -1) < 0) continue;
    if (ready[0].revents != 0) ::_exit(kSignalled + SIGKILL);  // The outer process is gone.
    signalfd_siginfo info{};
    if (ready[1].revents == 0 || ::read(wake, &info, sizeof info) != sizeof info) continue;
    if (info.ssi_signo != SIGCHLD) ::kill(body, static_cast<int>(info.ssi_signo));
  }
  ::_exit(exit_code(status));
}

struct Inside {
  const Support& support;
  const Identity& identity;
  Pipe& life;
  Pipe& report;
  const sigset_t& mask_before;
  const sigset_t& forwarded;
};

[[noreturn]] void run_init(Inside& inside, const std::function<int()>& body) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::prctl(PR_SET_NAME, "seaworthy-init");
  inside.life.write.close();
  inside.report.read.close();
  pollfd gone{.fd = inside.life.read.get(), .events = POLLIN, .revents = 0};
  if (::poll(&gone, 1, 0) != 0) ::_exit(1);  // The outer process died before PDEATHSIG was set.
  ::setsid();  // The terminal's signals reach the outer process alone.
  const base::Status set_up = set_up_spaces(inside.support.way, inside.identity);
  sigset_t watched = inside.forwarded;
  ::sigaddset(&watched, SIGCHLD);
  const Fd wake(::signalfd(-1, &watched, SFD_CLOEXEC));
  if (!set_up.ok() || !wake.open()) {
    const std::string message =
        set_up.ok() ? system_error("cannot wait for signals").message : set_up.error().message;
    [[maybe_unused]] const ssize_t written =
        ::write(inside.report.write.get(), message.data(), message.size());
    ::_exit(1);
  }
  inside.report.write.close();
  const pid_t child = ::fork();
  if (child < 0) ::_exit(1);
  if (child > 0) watch_over(child, inside.life.read.get(), wake.get());
  inside.life.read.close();
  ::prctl(PR_SET_NAME, "seaworthy");
  ::sigprocmask(SIG_SETMASK, &inside.mask_before, nullptr);
  const int code = body();
  std::fflush(nullptr);
  ::_exit(code);
}

std::string read_all(int fd) {
  std::string text;
  std::array<char, 512> part{};
  while (true) {
    const ssize_t size = ::read(fd, part.data(), part.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return text;
    text.append(part.data(), static_cast<std::size_t>(size));
  }
}

int wait_for(pid_t init) {
  int status = 0;
  while (::waitpid(init, &status, 0) < 0) {
    if (errno != EINTR) return kSignalled;
  }
  return exit_code(status);
}

// Until the init has ended.
void pass_signals_on(int init, int wake) {
  std::array<pollfd, 2> ready{pollfd{.fd = init, .events = POLLIN, .revents = 0},
                              pollfd{.fd = wake, .events = POLLIN, .revents = 0}};
  while (true) {
    if (::poll(ready.data(), ready.size(), -1) < 0) continue;
    if (ready[0].revents != 0) return;
    signalfd_siginfo info{};
    if (ready[1].revents == 0 || ::read(wake, &info, sizeof info) != sizeof info) continue;
    ::syscall(SYS_pidfd_send_signal, init, static_cast<int>(info.ssi_signo), nullptr, 0);
  }
}

base::Result<int> contain_passing_on(const sigset_t& forwarded, const Support& support,
                                     const std::function<int()>& body) {
  TRY(Pipe life, make_pipe());
  TRY(Pipe report, make_pipe());
  const Identity identity = current_identity();
  sigset_t blocked = forwarded;
  ::sigaddset(&blocked, SIGCHLD);
  sigset_t before;
  ::sigprocmask(SIG_BLOCK, &blocked, &before);
  const Fd wake(::signalfd(-1, &forwarded, SFD_CLOEXEC));
  std::fflush(nullptr);  // What is buffered is to be printed once.
  int init_pidfd = -1;
  clone_args arguments{};
  arguments.flags = CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC |
                    CLONE_PIDFD | (support.way == Way::UserNamespace ? CLONE_NEWUSER : 0);
  arguments.pidfd = reinterpret_cast<std::uint64_t>(&init_pidfd);
  arguments.exit_signal = SIGCHLD;
  const long pid = ::syscall(SYS_clone3, &arguments, sizeof arguments);
  if (pid == 0) {
    Inside inside{support, identity, life, report, before, forwarded};
    run_init(inside, body);
  }
  const int error = errno;
  const auto restore = [&before] { ::sigprocmask(SIG_SETMASK, &before, nullptr); };
  if (pid < 0) {
    restore();
    return refused(support.way, "make new namespaces", error);
  }
  const Fd init(init_pidfd);
  report.write.close();
  life.read.close();
  const std::string complaint = read_all(report.read.get());
  if (complaint.empty()) pass_signals_on(init.get(), wake.get());
  const int code = wait_for(static_cast<pid_t>(pid));
  restore();
  if (!complaint.empty()) return base::Error{base::ErrorCode::Unavailable, complaint};
  return code;
}

}  // namespace

base::Result<int> contain(const Support& support, const std::function<int()>& body) {
  return contain_passing_on(passed_on(), support, body);
}

base::Result<int> contain_briefly(const Support& support, const std::function<int()>& body) {
  sigset_t none;
  ::sigemptyset(&none);
  return contain_passing_on(none, support, body);
}

}  // namespace check::sandbox
