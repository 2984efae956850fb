// SPDX-License-Identifier: Apache-2.0
// A monitor that only looks on: the switch routes the nodes' packets itself, and copies of them are
// put together to messages, as `seaworthy wire` does with a capture.
//
//   n1 ---- switch ---- n2        nothing stands in the way, nothing can be done to a message
//             | copies
//         PacketRing -> Reassembler -> Observer -> MessageWatcher
//
// If it cannot keep up, packets are lost; then it says so, for each direction of a connection from
// which bytes are missing and in the audit, and what it saw is no longer all there was.
#pragma once

#include <memory>

#include "base/result.h"
#include "check/monitor/raft_monitor.h"
#include "check/sandbox/sandbox.h"

namespace check::sniff {

// As monitor::RaftMonitor::start(). Of the options, `seed`, `peer_ports` and `act` mean nothing
// here. hold(), set_faults(), reset() and settle() do nothing: whoever plans them must be refused
// before. Requires: the calling thread is in the switch's network.
base::Result<std::unique_ptr<monitor::RaftMonitor>> start_passive_monitor(
    sandbox::Sandbox& sandbox, const monitor::Options& options);

}  // namespace check::sniff
