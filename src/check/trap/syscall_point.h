// SPDX-License-Identifier: Apache-2.0
// Where a node is struck, counted in its own system calls, and what is done to it there.
//
//   "die before the third sync of the log from now":
//       SyscallPoint{kSyncs, "*.wal", 3}, Action{Deed::KillBefore}
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "check/history/node_id.h"
#include "check/trap/call.h"

namespace check::trap {

using history::NodeId;

struct SyscallPoint {
  Calls calls = kSyncs;
  // A pattern of glob(7) for the file's path below the node's data directory; a star also stands
  // for slashes. Calls on other files (sockets, output) never count.
  std::string path = "*";
  std::uint64_t k = 1;  // The k-th such call since it was armed, over restarts of the node.
};

enum class Deed : std::uint8_t {
  KillBefore,  // The call is not done; the whole node is killed in it.
  KillAfter,   // The call is done to its end; the node is killed before it learns of that.
  Eio,         // The call is not done and fails so.
  Enospc,
  Lie,    // The call is not done, and reported as done.
  Delay,  // The call is done later.
};
std::string_view name(Deed deed);  // "kill-before"

struct Action {
  Deed deed = Deed::KillBefore;
  // Also every such call after it, until disarmed; not for kills.
  bool lasting = false;
  std::chrono::microseconds delay{0};  // Of a Delay.
};

// What happened.
struct Strike {
  std::uint64_t id = 0;  // As arm() returned it.
  NodeId node;
  Call call = Call::Fsync;
  std::string path;      // Below the node's data directory.
  std::string observed;  // "fdatasync of raftkv/log-3 done, then n2 killed"
  std::chrono::steady_clock::time_point time;
};

// Called from the node's own thread here, as soon as a kill is complete, and before any other deed
// is answered: the node's thread is still held in the call. It may arm and disarm.
using StrikeSink = std::function<void(const Strike&)>;

}  // namespace check::trap
