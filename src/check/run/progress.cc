// SPDX-License-Identifier: Apache-2.0
#include "check/run/progress.h"

#include <unistd.h>

#include <cstdio>

#include "cli/output.h"

namespace check::run {

namespace {

constexpr std::chrono::milliseconds kTerminalInterval{500};
constexpr std::chrono::milliseconds kPipeInterval{5000};
constexpr const char* kEraseLine = "\r\033[K";

}  // namespace

Progress::Progress(std::function<std::string()> line, bool quiet)
    : line_(std::move(line)),
      quiet_(quiet),
      terminal_(!quiet && isatty(STDERR_FILENO) == 1),
      thread_([this] { show(); }) {}

Progress::~Progress() {
  ended_.request("the run is over");
  thread_.join();
  if (terminal_) cli::print(stderr, "{}", kEraseLine);
}

void Progress::phase(const std::string& name) {
  {
    const std::lock_guard lock(mutex_);
    phase_ = name;
  }
  refresh();
}

void Progress::note(const std::string& text) {
  if (quiet_) return;
  const std::lock_guard lock(mutex_);
  cli::print(stderr, "{}{}\n", terminal_ ? kEraseLine : "", text);
}

void Progress::show() {
  while (ended_.wait(terminal_ ? kTerminalInterval : kPipeInterval)) refresh();
}

void Progress::refresh() {
  if (quiet_) return;
  const std::string line = line_();
  const std::lock_guard lock(mutex_);
  if (phase_.empty()) return;
  if (terminal_) {
    cli::print(stderr, "{}{}{}{}", kEraseLine, phase_, line.empty() ? "" : ": ", line);
    (void)std::fflush(stderr);
  } else {
    cli::print(stderr, "{}{}{}\n", phase_, line.empty() ? "" : ": ", line);
  }
}

}  // namespace check::run
