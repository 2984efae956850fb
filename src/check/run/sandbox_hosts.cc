// SPDX-License-Identifier: Apache-2.0
#include "check/run/sandbox_hosts.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace check::run {

namespace {

constexpr std::size_t kLastOutputBytes = 1500;

bool ended_within(const sandbox::Process& process, int milliseconds) {
  pollfd ended{process.pidfd(), POLLIN, 0};
  return poll(&ended, 1, milliseconds) == 1;
}

// "n2 exited with code 1"; nothing while it runs.
std::string exit_text(cluster::NodeId node, sandbox::Process& process) {
  const auto status = process.exited();
  if (!status) return {};
  return fmt::format("n{} {} {}", node.value,
                     status->signalled ? "was ended by signal" : "exited with code", status->code);
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
  log_.note(node, evidence::NodeEventKind::Started);
  if (supervisor_ != nullptr) program.filter = supervisor_->filter();
  if (clocks_ != nullptr) clocks_->prepare(node, program);
  auto started = sandbox_.start(node, program);
  ::close(output);
  if (!started.ok()) return std::move(started).error();
  if (supervisor_ != nullptr) {
    TRY([[maybe_unused]] auto attended, supervisor_->attend(node, *started.value()));
  }
  // Last: it runs from here on.
  if (clocks_ != nullptr) {
    TRY([[maybe_unused]] auto attached, clocks_->attach(node, *started.value()));
  }
  const std::lock_guard lock(mutex_);
  const auto before = processes_.find(node);
  if (before != processes_.end() && !ended_.contains(node)) {
    own_exits_.push_back(exit_text(node, *before->second));
  }
  ended_.erase(node);
  processes_[node] = std::move(started).value();
  return base::Done{};
}

void SandboxHosts::about_to_end(cluster::NodeId node) {
  const std::lock_guard lock(mutex_);
  const auto found = processes_.find(node);
  if (found == processes_.end()) return;
  const std::string exit = exit_text(node, *found->second);
  if (!exit.empty() && !ended_.contains(node)) own_exits_.push_back(exit);
  ended_.insert(node);
}

std::vector<std::string> SandboxHosts::own_exits() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> result = own_exits_;
  for (const auto& [node, process] : processes_) {
    const std::string exit = exit_text(node, *process);
    if (!exit.empty() && !ended_.contains(node)) result.push_back(exit);
  }
  return result;
}

base::Status SandboxHosts::stop(cluster::NodeId node, std::uint32_t grace_ms) {
  about_to_end(node);
  const auto main = process(node);
  if (main != nullptr && !ended_within(*main, 0)) {
    (void)::kill(main->pid(), SIGTERM);
    (void)ended_within(*main, static_cast<int>(grace_ms));
  }
  return kill_all(node);
}

base::Status SandboxHosts::kill(cluster::NodeId node) {
  about_to_end(node);
  return kill_all(node);
}

base::Status SandboxHosts::kill_all(cluster::NodeId node) {
  TRY([[maybe_unused]] const base::Done killed, sandbox_.kill_all(node));
  log_.note(node, evidence::NodeEventKind::Ended);
  return base::Done{};
}

bool SandboxHosts::running(cluster::NodeId node) const {
  const auto main = process(node);
  return main != nullptr && !ended_within(*main, 0);
}

base::Status SandboxHosts::empty(cluster::NodeId node) {
  CHECK(!running(node), node);
  const std::string folder = directory(node);
  log_.note(node, evidence::NodeEventKind::Emptied);
  return sandbox_.in_files_of(node, [&]() -> base::Status {
    std::error_code error;
    std::vector<std::filesystem::path> paths;
    for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end;
         at.increment(error)) {
      paths.push_back(at->path());
    }
    for (const auto& path : paths) {
      if (!error) std::filesystem::remove_all(path, error);
    }
    const sandbox::Fd opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    // A loss of power must not bring it back.
    if (!error && ::fsync(opened.get()) == 0) return base::Done{};
    return base::Error{
        base::ErrorCode::Io,
        fmt::format("cannot empty {}: {}", folder, error ? error.message() : std::strerror(errno))};
  });
}

std::string SandboxHosts::last_output(cluster::NodeId node) const {
  const auto content = read_file(directory_.output_file(node));
  if (!content.ok()) return content.error().message;
  const std::string& text = content.value();
  return text.size() <= kLastOutputBytes ? text : text.substr(text.size() - kLastOutputBytes);
}

}  // namespace check::run
