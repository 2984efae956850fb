// SPDX-License-Identifier: Apache-2.0
// A program started on a host, as a child of the checker.
//
//   checker ---> helper, enters the host's namespaces ---> program, whose parent is the checker
//
// Both steps share the checker's memory until the program is executed, as vfork(2) does: no page
// of a large checker is copied, and what goes wrong is known when the call returns.
#pragma once

#include <sys/types.h>

#include <memory>
#include <mutex>
#include <optional>

#include "base/result.h"
#include "check/sandbox/fd.h"
#include "check/sandbox/host.h"
#include "check/sandbox/sandbox.h"

namespace check::sandbox {

// Any thread may call any function.
class Child {
 public:
  // The error names the program and what went wrong, also when it could not be executed.
  static base::Result<std::shared_ptr<Child>> start(const Host& host, const Program& program);
  // `listener`: of the program's filter, if it has one.
  Child(pid_t pid, Fd pidfd, Fd listener);
  ~Child();  // Kills and reaps.
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  pid_t pid() const { return pid_; }
  int pidfd() const { return pidfd_.get(); }
  // Reaps if it has ended.
  std::optional<ExitStatus> exited();
  void signal(int number);
  void kill_and_reap();
  Fd take_listener();  // As Process.

 private:
  std::optional<ExitStatus> reap(int options);  // Requires: mutex_ is held.

  const pid_t pid_;
  const Fd pidfd_;
  std::mutex mutex_;  // Of what follows.
  std::optional<ExitStatus> status_;
  Fd listener_;
};

}  // namespace check::sandbox
