// SPDX-License-Identifier: Apache-2.0
// Strikes nodes in their own system calls: dead before the k-th sync, an error instead of it, a
// sync that was never done.
//
//   node: fdatasync(5) --> the kernel holds the thread --> Warden: which file? the how-manieth?
//                                                            |  let pass / fail / lie / delay
//                                                            `- kill the node while it is held
//
// By seccomp user notification: no ptrace, no preloaded library, so C++ and static Go programs
// alike, all their threads and children. Calls that are not trapped cost some 20 ns, trapped ones
// 3 to 20 us. docs/sandbox.md, "Traps".
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.h"
#include "check/sandbox/fd.h"
#include "check/sandbox/sandbox.h"
#include "check/trap/arms.h"
#include "check/trap/syscall_point.h"
#include "check/trap/warden.h"

namespace check::trap {

// Whether this machine lets a program's calls be trapped; tried on a child. The error says what is
// missing.
base::Status probe();

// To be destroyed after the programs it attends have ended: calls they make later fail (ENOSYS).
class Supervisor {
 public:
  // `trapped`: what nodes will be stopped at; points can be made of these only. `directory`: of a
  // node's data, must exist. `kill`: ends every process of a node and returns when none is left.
  // Both may be called from other threads.
  Supervisor(Calls trapped, std::function<std::string(NodeId)> directory,
             std::function<base::Status(NodeId)> kill);
  ~Supervisor();
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  // To be started with sandbox::Program::filter = filter(), and attended at once: until then its
  // trapped calls wait.
  std::vector<sock_filter> filter() const;
  base::Status attend(NodeId node, sandbox::Process& process);

  // Nothing happens to the node until a call of it fits; what is armed outlives its restarts.
  // An error if the point is made of calls that are not trapped.
  base::Result<std::uint64_t> arm(NodeId node, const SyscallPoint& point, const Action& action,
                                  StrikeSink sink);
  // False if it struck already (and does not last), or never was.
  bool disarm(std::uint64_t id);

  // How often the node has made the call, on whatever file, since it was first attended.
  std::uint64_t counted(NodeId node, Call call);

 private:
  std::shared_ptr<Arms> arms_of(NodeId node);  // Requires: mutex_ is held.

  const Calls trapped_;
  const std::function<std::string(NodeId)> directory_;
  const std::function<base::Status(NodeId)> kill_;
  std::mutex mutex_;
  std::uint64_t next_id_ = 1;
  std::map<NodeId, std::shared_ptr<Arms>> arms_;
  std::vector<std::unique_ptr<Warden>> wardens_;
};

}  // namespace check::trap
