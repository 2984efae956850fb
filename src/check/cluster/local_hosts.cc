// SPDX-License-Identifier: Apache-2.0
#include "check/cluster/local_hosts.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "check/cluster/environment.h"

namespace check::cluster {
namespace {

// Ends with this thread, whatever way that goes.
std::vector<std::string> bound_to_us(const std::vector<std::string>& words) {
  std::vector<std::string> all = {"setpriv", "--pdeathsig", "KILL"};
  all.insert(all.end(), words.begin(), words.end());
  return all;
}

void reap(pid_t pid) {
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

}  // namespace

LocalHosts::LocalHosts(std::uint32_t nodes) : nodes_(nodes) {
  std::string pattern =
      (std::filesystem::temp_directory_path() / "seaworthy-hosts-XXXXXX").string();
  CHECK(::mkdtemp(pattern.data()) != nullptr);
  root_ = pattern;
  for (std::uint32_t id = 1; id <= nodes; ++id) {
    std::filesystem::create_directory(directory(NodeId{id}));
  }
}

LocalHosts::~LocalHosts() {
  for (const auto& [node, pid] : processes_) {
    ::kill(-pid, SIGKILL);
    reap(pid);
  }
  std::filesystem::remove_all(root_);
}

std::string LocalHosts::address(NodeId node) const {
  return "127.22." + std::to_string(::getpid() % 250 + 1) + "." + std::to_string(node.value);
}

std::string LocalHosts::directory(NodeId node) const { return root_ + "/" + name(node); }

base::Status LocalHosts::start(NodeId node, const Command& command) {
  CHECK(!running(node), node);
  std::vector<std::string> words = bound_to_us(command.words);
  std::vector<std::string> environment = whole_environment(command);
  const std::vector<char*> arguments = pointers_to(words);
  const std::vector<char*> variables = pointers_to(environment);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  const std::string log = directory(node) + ".log";
  posix_spawn_file_actions_addopen(&actions, 1, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  pid_t pid = -1;
  const int failure =
      ::posix_spawnp(&pid, arguments[0], &actions, &attributes, arguments.data(), variables.data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (failure != 0) return base::Error{base::ErrorCode::Io, "cannot run " + words[0]};
  processes_[node] = pid;
  return base::Done{};
}

base::Status LocalHosts::stop(NodeId node, std::uint32_t grace_ms) {
  const auto process = processes_.find(node);
  if (process == processes_.end()) return base::Done{};
  const int watched = static_cast<int>(::syscall(SYS_pidfd_open, process->second, 0));
  CHECK(watched >= 0);
  ::kill(process->second, SIGTERM);
  pollfd ended{watched, POLLIN, 0};
  ::poll(&ended, 1, static_cast<int>(grace_ms));
  ::close(watched);
  return kill(node);
}

base::Status LocalHosts::kill(NodeId node) {
  const auto process = processes_.find(node);
  if (process == processes_.end()) return base::Done{};
  ::kill(-process->second, SIGKILL);
  reap(process->second);
  processes_.erase(process);
  return base::Done{};
}

bool LocalHosts::running(NodeId node) const {
  const auto process = processes_.find(node);
  if (process == processes_.end()) return false;
  siginfo_t state{};
  ::waitid(P_PID, static_cast<id_t>(process->second), &state, WEXITED | WNOHANG | WNOWAIT);
  return state.si_pid == 0;
}

base::Status LocalHosts::empty(NodeId node) {
  CHECK(!running(node), node);
  std::filesystem::remove_all(directory(node));
  std::filesystem::create_directory(directory(node));
  return base::Done{};
}

// A process on another processor runs on for a moment after it was signalled.
void LocalHosts::pause(NodeId node) const {
  CHECK(running(node), node);
  const pid_t pid = processes_.at(node);
  ::kill(-pid, SIGSTOP);
  siginfo_t stopped{};
  while (::waitid(P_PID, static_cast<id_t>(pid), &stopped, WSTOPPED | WEXITED | WNOWAIT) != 0) {
    CHECK(errno == EINTR, errno);
  }
}

void LocalHosts::resume(NodeId node) const {
  CHECK(running(node), node);
  ::kill(-processes_.at(node), SIGCONT);
}

std::string LocalHosts::output(NodeId node) const {
  std::ostringstream text;
  text << std::ifstream(directory(node) + ".log").rdbuf();
  return std::move(text).str();
}

}  // namespace check::cluster
