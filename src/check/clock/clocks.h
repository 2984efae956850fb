// SPDX-License-Identifier: Apache-2.0
// The wall clocks of all nodes: a fault sets them wrong while the programs run. Monotonic clocks
// and the kernel's timers stay right. docs/sandbox.md, "Clocks".
//
//   Sandbox::start(traced) --> stands behind execve --> attach(): patched, tried, let go
//   of(node).jump(+2 s)    --> the next time it asks
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>

#include "base/result.h"
#include "check/clock/node_clock.h"
#include "check/clock/patch.h"
#include "check/history/node_id.h"
#include "check/sandbox/sandbox.h"

namespace check::clock {

// Whether this machine lets a program's clock be changed; tried on a child. The error says what is
// missing.
base::Status probe();

class Clocks {
 public:
  static base::Result<std::unique_ptr<Clocks>> make(std::uint32_t nodes);

  NodeClock& of(history::NodeId node) { return *clocks_.at(node); }

  // What the node's program is to be started with: attach() is then called by the same thread, and
  // nothing of it runs before.
  void prepare(history::NodeId node, sandbox::Program& program);
  base::Status attach(history::NodeId node, const sandbox::Process& process);

  // Whether the node's program, which runs, has the clock that of() is: an error if it has begun
  // another one meanwhile.
  base::Status confirm(history::NodeId node);

 private:
  Clocks() = default;

  std::map<history::NodeId, std::unique_ptr<NodeClock>> clocks_;
  std::mutex mutex_;                            // Of what follows.
  std::map<history::NodeId, Patched> patched_;  // As it was last started.
};

}  // namespace check::clock
