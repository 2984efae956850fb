// SPDX-License-Identifier: Apache-2.0
#include "check/run/sandbox_hosts.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace check::run {

namespace {

constexpr std::size_t kLastOutputBytes = 1500;

bool ended_within(const sandbox::Process& process, int milliseconds) {
  pollfd ended{process.pidfd(), POLLIN, 0};
  return poll(&ended, 1, milliseconds) == 1;
}

}  // namespace

std::string SandboxHosts::name(cluster::NodeId node) const {
  return fmt::format("n{}", node.value);
}

std::string SandboxHosts::directory(cluster::NodeId node) const {
  return directory_.data_directory(node);
}

std::shared_ptr<sandbox::Process> SandboxHosts::process(cluster::NodeId node) const {
  const std::lock_guard lock(mutex_);
  const auto found = processes_.find(node);
  return found == processes_.end() ? nullptr : found->second;
}

base::Status SandboxHosts::start(cluster::NodeId node, const cluster::Command& command) {
  CHECK(!running(node), node);
  const std::string path = directory_.output_file(node);
  const int output = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (output < 0) {
    return base::Error{base::ErrorCode::Io,
                       fmt::format("cannot open {}: {}", path, std::strerror(errno))};
  }
  sandbox::Program program;
  program.words = command.words;
  for (char** entry = environ; *entry != nullptr; ++entry) program.environment.emplace_back(*entry);
  for (const auto& [key, value] : command.environment) {
    program.environment.push_back(key + '=' + value);
  }
  program.directory = directory_.data_directory(node);
  program.output_fd = output;
  auto started = sandbox_.start(node, program);
  ::close(output);
  if (!started.ok()) return std::move(started).error();
  const std::lock_guard lock(mutex_);
  processes_[node] = std::move(started).value();
  return base::Done{};
}

base::Status SandboxHosts::stop(cluster::NodeId node, std::uint32_t grace_ms) {
  const auto main = process(node);
  if (main != nullptr && !ended_within(*main, 0)) {
    (void)::kill(main->pid(), SIGTERM);
    (void)ended_within(*main, static_cast<int>(grace_ms));
  }
  return kill(node);
}

base::Status SandboxHosts::kill(cluster::NodeId node) { return sandbox_.kill_all(node); }

bool SandboxHosts::running(cluster::NodeId node) const {
  const auto main = process(node);
  return main != nullptr && !ended_within(*main, 0);
}

std::string SandboxHosts::last_output(cluster::NodeId node) const {
  const auto content = read_file(directory_.output_file(node));
  if (!content.ok()) return content.error().message;
  const std::string& text = content.value();
  return text.size() <= kLastOutputBytes ? text : text.substr(text.size() - kLastOutputBytes);
}

}  // namespace check::run
