// SPDX-License-Identifier: Apache-2.0
// Nothing survives the checker, however it ends.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <utility>

#include "check/sandbox/fd.h"
#include "check/sandbox/sandbox.h"
#include "check/sandbox/testing.h"

namespace check::sandbox {
namespace {

constexpr NodeId kOne{1};
constexpr NodeId kTwo{2};

// A process among all of this machine's: numbers are used again, but not with the same start.
struct Identity {
  pid_t pid = 0;
  std::string start;
  friend auto operator<=>(const Identity&, const Identity&) = default;
};

struct Entry {
  pid_t parent = 0;
  std::string start;
};

std::map<pid_t, Entry> all_processes() {
  std::map<pid_t, Entry> found;
  for (const auto& folder : std::filesystem::directory_iterator("/proc")) {
    const std::string name = folder.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    std::string line;
    std::getline(std::ifstream(folder.path() / "stat"), line);
    const std::size_t close = line.rfind(')');
    if (close == std::string::npos) continue;
    std::istringstream fields(line.substr(close + 1));
    std::string state;
    Entry entry;
    fields >> state >> entry.parent;
    for (int skipped = 5; skipped <= 22; ++skipped) fields >> entry.start;
    found[std::stoi(name)] = entry;
  }
  return found;
}

bool descends_from(const std::map<pid_t, Entry>& processes, pid_t pid, pid_t ancestor) {
  for (auto at = processes.find(pid); at != processes.end();
       at = processes.find(at->second.parent)) {
    if (at->first == ancestor) return true;
  }
  return false;
}

std::set<Identity> family_of(pid_t ancestor) {
  std::set<Identity> family;
  const std::map<pid_t, Entry> processes = all_processes();
  for (const auto& [pid, entry] : processes) {
    if (descends_from(processes, pid, ancestor)) family.insert({pid, entry.start});
  }
  return family;
}

std::string network_of(pid_t pid) {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/" + std::to_string(pid) + "/ns/net", error);
}

// A checker in the middle of a run, with hosts of every kind of process.
class ContainedRun {
 public:
  // `body` runs in the sandbox when all is there; what it returns is the run's exit code.
  explicit ContainedRun(const std::function<int(Sandbox&)>& body = [](Sandbox&) {
    return ::pause();
  }) {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);  // What loses its parent comes to this process.
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
    const Fd here(ends[0]);
    Fd there(ends[1]);
    outer_ = ::fork();
    if (outer_ == 0) {
      const auto code = contain({}, [&] { return run(body, std::move(there)); });
      ::_exit(code.ok() ? code.value() : 99);
    }
    there.close();
    char byte = 0;
    EXPECT_EQ(::read(here.get(), &byte, 1), 1) << "the run did not begin";
    family_ = family_of(outer_);
    for (const Identity& member : family_) networks_.insert(network_of(member.pid));
    networks_.erase(network_of(::getpid()));
    EXPECT_EQ(::write(here.get(), "x", 1), 1);
  }
  ContainedRun(const ContainedRun&) = delete;
  ContainedRun& operator=(const ContainedRun&) = delete;
  ~ContainedRun() {
    if (outer_ > 0) ::kill(outer_, SIGKILL);
    expect_nothing_left();
  }

  pid_t outer() const { return outer_; }
  pid_t init() const { return child_of(outer_, "seaworthy-init"); }
  pid_t body() const { return child_of(init(), "seaworthy"); }
  std::size_t networks() const { return networks_.size(); }
  std::size_t processes() const { return family_.size(); }

  int wait() {
    int status = 0;
    EXPECT_EQ(::waitpid(outer_, &status, 0), outer_);
    outer_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

  void expect_nothing_left() const {
    await([this] {
      for (pid_t reaped = 1; reaped > 0;) reaped = ::waitpid(-1, nullptr, WNOHANG);
      for (const auto& [pid, entry] : all_processes()) {
        if (family_.contains({pid, entry.start}) || networks_.contains(network_of(pid))) {
          return false;
        }
      }
      return true;
    });
  }

 private:
  static int run(const std::function<int(Sandbox&)>& body, Fd test) {
    const auto sandbox = make(2);
    const auto first = start_and_await_line(
        *sandbox, kOne,
        "(setsid sleep 1001 & ) ; (trap '' TERM HUP; sleep 1002) & echo ready; wait");
    const auto second =
        start_and_await_line(*sandbox, kTwo, "(setsid sleep 1003 & ) ; echo ready; sleep 1004");
    await([] { return commands_running("sleep 100") == 4; });
    EXPECT_TRUE(sandbox->pause_all(kTwo).ok());
    char byte = 'x';  // Says that all is there, and waits until the test has looked at it.
    if (::write(test.get(), &byte, 1) != 1 || ::read(test.get(), &byte, 1) != 1) return 98;
    return body(*sandbox);
  }

  static pid_t child_of(pid_t parent, const std::string& name) {
    for (const auto& [pid, entry] : all_processes()) {
      std::string command;
      std::getline(std::ifstream("/proc/" + std::to_string(pid) + "/comm"), command);
      if (entry.parent == parent && command == name) return pid;
    }
    ADD_FAILURE() << "no process " << name;
    return -1;
  }

  pid_t outer_ = -1;
  std::set<Identity> family_;
  std::set<std::string> networks_;
};

TEST(Run, IsSeenByThisTestAsWhatItIs) {
  const ContainedRun run;
  EXPECT_EQ(run.networks(), 4U);    // Switch, two nodes, clients.
  EXPECT_GE(run.processes(), 10U);  // Outer, init, body, three hosts' inits, four sleeps; shells.
}

TEST(Run, IsGoneWhenTheOuterProcessIsKilled) {
  const ContainedRun run;
  ::kill(run.outer(), SIGKILL);
  run.expect_nothing_left();
}

TEST(Run, IsGoneWhenTheInitIsKilled) {
  ContainedRun run;
  ::kill(run.init(), SIGKILL);
  EXPECT_EQ(run.wait(), 128 + SIGKILL);
  run.expect_nothing_left();
}

TEST(Run, IsGoneWhenTheBodyIsKilled) {
  ContainedRun run;
  ::kill(run.body(), SIGKILL);
  EXPECT_EQ(run.wait(), 128 + SIGKILL);
  run.expect_nothing_left();
}

TEST(Run, IsGoneWhenTheOuterProcessIsKilledAndTheInitIsStopped) {
  const ContainedRun run;
  ::kill(run.init(), SIGSTOP);
  ::kill(run.body(), SIGSTOP);
  ::kill(run.outer(), SIGKILL);
  run.expect_nothing_left();
}

TEST(Run, IsGoneWhenTheBodyReturns) {
  ContainedRun run([](Sandbox&) { return 5; });
  EXPECT_EQ(run.wait(), 5);
  run.expect_nothing_left();
}

TEST(Run, HasInterruptsPassedOnToTheBody) {
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    sigset_t wanted;
    sigset_t before;
    ::sigemptyset(&wanted);
    ::sigaddset(&wanted, number);
    ::sigprocmask(SIG_BLOCK, &wanted, &before);  // The body inherits it, and can wait.
    ContainedRun run([&wanted](Sandbox&) {
      int seen = 0;
      ::sigwait(&wanted, &seen);
      return seen;
    });
    ::kill(run.outer(), number);
    EXPECT_EQ(run.wait(), number);
    ::sigprocmask(SIG_SETMASK, &before, nullptr);
  }
}

TEST(Probe, TakesNoSignalThatIsForItsCaller) {
  sigset_t interrupt;
  sigset_t before;
  ::sigemptyset(&interrupt);
  ::sigaddset(&interrupt, SIGINT);
  ::sigprocmask(SIG_BLOCK, &interrupt, &before);
  ::kill(::getpid(), SIGINT);
  EXPECT_TRUE(probe().ok());
  const timespec now{};
  EXPECT_EQ(::sigtimedwait(&interrupt, nullptr, &now), SIGINT);
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
}

TEST(Run, DoesNotDisturbAnotherAtTheSameTime) {
  ContainedRun first([](Sandbox& sandbox) {
    ::raise(SIGSTOP);  // Until the other run is over.
    return datagram_passes(sandbox, kOne, kClients, 2000) ? 5 : 6;
  });
  {
    ContainedRun second(
        [](Sandbox& sandbox) { return datagram_passes(sandbox, kOne, kClients, 2000) ? 5 : 6; });
    EXPECT_EQ(second.wait(), 5);
  }
  ::kill(first.body(), SIGCONT);
  EXPECT_EQ(first.wait(), 5);
}

}  // namespace
}  // namespace check::sandbox
