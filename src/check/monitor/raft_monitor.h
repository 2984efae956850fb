// SPDX-License-Identifier: Apache-2.0
// RaftMonitor: the transparent middleman of all traffic between nodes.
//
// Nodes are not configured for it and cannot see it: connections are redirected in the switch, both
// ends see each other's true address and port, and a SYN is answered only after the other end
// answered. By default every byte is relayed as it came. It runs in a thread of its own; every
// function here may be called from any thread and returns at once.
//
// Given a protocol and a watcher it also understands what it relays: message_watcher.h.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "check/history/node_id.h"
#include "check/monitor/message_watcher.h"
#include "check/monitor/picture.h"
#include "check/sandbox/sandbox.h"
#include "check/wire/protocol.h"

namespace check::monitor {

using history::DirectedPair;
using history::NodeId;

// What went from one node to another.
struct LinkCounters {
  std::uint64_t bytes = 0;        // Payload relayed.
  std::uint64_t chunks = 0;       // Reads of a stream; whole datagrams.
  std::uint64_t messages = 0;     // That were understood.
  std::uint64_t connections = 0;  // Opened by `from`.
  std::uint64_t dropped = 0;      // Datagrams and messages lost on purpose.
  std::uint64_t datagrams = 0;    // That came to the monitor, whatever became of them.
  std::uint64_t left_out = 0;     // Bytes of a stream that were not handed on, on purpose;
  std::uint64_t invented = 0;     // bytes that were handed on although they never came.
};

// What happens to the traffic of one link from now on. Probabilities in parts per million.
struct LinkFaults {
  std::chrono::microseconds delay{0};
  std::chrono::microseconds jitter{0};  // Added to delay, uniform in 0..jitter; streams keep order.
  std::uint32_t udp_loss_ppm = 0;
  std::uint32_t udp_duplicate_ppm = 0;
  std::uint32_t udp_reorder_ppm = 0;
};

struct Options {
  std::string pcapng = {};  // Path of the traffic file; empty: none is written.
  std::uint64_t pcapng_limit_bytes = 1ULL << 30;
  std::uint64_t seed = 0;                      // Of every random choice about datagrams and jitter.
  std::vector<std::uint16_t> peer_ports = {};  // Only these are relayed; empty: all ports.

  // What nodes speak, and who is shown it; without either, or where the protocol has no decoder,
  // bytes are relayed and not understood. The watcher outlives the monitor.
  std::optional<wire::Protocol> protocol = {};
  MessageWatcher* watcher = nullptr;
  // Connections dialled to these ports are understood; empty: all are tried.
  std::vector<std::uint16_t> message_ports = {};
  // The watcher's answers count: each message waits until it is whole and seen() has returned.
  // Else bytes go on at once, and are understood afterwards.
  bool act = false;
};

// Whether every byte between nodes went through the monitor.
struct Audit {
  bool complete = false;
  std::string sentence;  // What was compared, with the numbers; what is missing if not complete.
  std::optional<Picture> picture = {};  // The counts themselves; nothing if they cannot be read.
};

// What became of a connection between nodes.
enum class ConnectionChange : std::uint8_t {
  Opened,
  Refused,     // By the other end: nothing listens there.
  Unanswered,  // The other end did not answer this attempt; its client will try again.
  Closed,      // By both ends, in good order.
  Reset,       // By one end, or by reset().
  Vanished     // One end stopped answering for so long that its connection timed out.
};
struct ConnectionEvent {
  std::uint64_t time_ns = 0;  // CLOCK_MONOTONIC.
  ConnectionChange change = ConnectionChange::Opened;
  DirectedPair pair;  // From the node that opened it.
  std::uint16_t client_port = 0;
  std::uint16_t server_port = 0;
};
struct ConnectionEvents {
  std::vector<ConnectionEvent> events;  // In the order they happened.
  std::uint64_t lost = 0;               // Older ones not taken in time are kept, newer ones lost.
};

// The state of the traffic file.
struct TrafficFile {
  std::uint64_t packets = 0;  // Those that belong into it.
  std::uint64_t lost = 0;     // Those among them that are not in it: no room, or the limit reached.
  std::uint64_t bytes = 0;    // Its size.
  std::string error;          // Why writing it ended early; empty if it did not.
};

class RaftMonitor {
 public:
  // Installs the redirection in the sandbox's switch and starts the thread.
  // Requires: the calling thread is in the switch's network.
  static base::Result<std::unique_ptr<RaftMonitor>> start(sandbox::Sandbox& sandbox,
                                                          const Options& options);
  virtual ~RaftMonitor() = default;  // Stops the thread, closes every connection.

  virtual std::map<DirectedPair, LinkCounters> counters() const = 0;
  // What happened since the last call.
  virtual ConnectionEvents take_events() = 0;
  virtual TrafficFile traffic_file() const = 0;

  // Bytes of a link are kept, nothing is lost: released in order, at once.
  virtual void hold(DirectedPair link) = 0;
  virtual void release(DirectedPair link) = 0;
  virtual void set_faults(DirectedPair link, const LinkFaults& faults) = 0;
  virtual void clear_faults() = 0;
  // Resets the connections between two nodes, as a dying middlebox would.
  virtual void reset(DirectedPair link) = 0;

  // What becomes of the message that was kept or stalled with this ticket; nothing if it is gone.
  virtual void settle(std::uint64_t ticket, Settled settled) = 0;

  // Waits until everything asked for before, and every fate that seen() has returned, is carried
  // out: what was handed on is with the receiver's kernel, if that takes it. Not from a watcher.
  virtual void catch_up() = 0;

  // Compares what was relayed with what the hosts' interfaces counted. Call when traffic has ended
  // or nearly so: the counts of both are read at one moment.
  virtual Audit audit() = 0;
};

}  // namespace check::monitor
