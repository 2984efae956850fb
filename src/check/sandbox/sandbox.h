// SPDX-License-Identifier: Apache-2.0
// A small network of hosts on this machine, without root: N nodes and one host for the clients,
// around a switch through which every packet goes.
//
//   n1 10.77.0.1 ----.              the checker runs in the switch's network, below the init of
//   n2 10.77.0.2 -----+-- switch    a process space around everything: when either dies, by
//   ...               |   .254      whatever cause, the kernel ends all the rest.
//   clients .250 -----'
//
//   probe()    which way this machine allows, and why (user namespaces; root).
//   contain()  makes the outer namespaces and runs the checker in them.
//   Sandbox    builds the hosts; starts programs there; cuts pairs; counts what crossed each link.
//
// docs/sandbox.md: requirements, what programs see, what to do when it does not work.
#pragma once

#include <linux/filter.h>
#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "check/history/node_id.h"
#include "check/sandbox/fd.h"

namespace check::sandbox {

using history::DirectedPair;
using history::NodeId;

enum class Way : std::uint8_t { UserNamespace, Root };
struct Support {
  Way way = Way::UserNamespace;
  std::string why;  // "unprivileged user namespaces work here"
};
// An error names the exact setting that would have to change. Takes no signal: one that the caller
// blocks waits for it.
base::Result<Support> probe();

// Runs `body` in new user (if the way needs it), network, mount, process, host-name and IPC
// namespaces, and returns its exit code, or 128 + the signal that ended it. Everything in there
// dies with this process, also by SIGKILL, with the init, and with `body`. Processes orphaned there
// are reaped; children of `body` are its own to wait for. SIGINT, SIGTERM, SIGHUP, SIGQUIT,
// SIGUSR1, SIGUSR2 and SIGWINCH come to `body` from this process alone: the terminal has no hold on
// it. Requires: no other thread runs yet.
base::Result<int> contain(const Support& support, const std::function<int()>& body);

// A program to start on a host.
struct Program {
  std::vector<std::string> words;        // words[0]: a path, or found in PATH.
  std::vector<std::string> environment;  // "NAME=value", the whole environment.
  std::string directory;                 // Working directory; empty: "/".
  int output_fd = -1;                    // Standard output and error; -1: /dev/null.
  // A seccomp(2) filter that the program and all that it starts run under; empty: none. It may
  // notify: Process::take_listener().
  std::vector<sock_filter> filter = {};
  // Stands behind its execve(2) until the thread that starts it, its tracer by ptrace(2), lets it
  // go.
  bool traced = false;
  int given_fd = -1;  // The program has it as kGivenDescriptor; -1: nothing.
  static constexpr int kGivenDescriptor = 3;
};

struct ExitStatus {
  bool signalled = false;
  int code = 0;  // The exit code, or the number of the signal.
  friend constexpr bool operator==(const ExitStatus&, const ExitStatus&) = default;
};

// A program that runs on a host, in a session and process group of its own. Its owner is the user
// of the sandbox; destruction kills and reaps it. Any thread may call any function. Nobody else may
// wait for children of the checker in general (waitpid(-1)).
class Process {
 public:
  virtual ~Process() = default;
  virtual pid_t pid() const = 0;                   // As the checker numbers it; kept until reaped.
  virtual int pidfd() const = 0;                   // Readable when the process has ended.
  virtual std::optional<ExitStatus> exited() = 0;  // At once; nothing while it runs.
  virtual void signal(int number) = 0;  // To this process alone; nothing if it has ended.
  // The descriptor at which the kernel tells of the calls that Program::filter notifies of
  // (seccomp_unotify(2)), now the caller's; not open if there is none, or it was taken. While
  // nobody answers, these calls wait; when it is closed, they fail with ENOSYS.
  virtual Fd take_listener() = 0;
};

// Bytes and packets that crossed a host's interface, as the kernel counts them: whole frames, 14
// bytes each more than the IP packets in them. A packet may stand for many segments (GSO).
struct InterfaceCounters {
  std::uint64_t received_bytes = 0;
  std::uint64_t received_packets = 0;
  std::uint64_t sent_bytes = 0;
  std::uint64_t sent_packets = 0;
};

// IP packets and their bytes, header included.
struct PacketCount {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  friend constexpr bool operator==(const PacketCount&, const PacketCount&) = default;
};

// What the switch's packet filter saw of the packets from one host to another, by their addresses:
//
//   n1 --- [arrived] --- cut --- relayed by the monitor --------- cut --- [delivered] --- n2
//                            `-- forwarded by the switch itself: [bypassed, if TCP or UDP] --'
//
// For a host h, up to packets under way, and as nothing but IPv4 is spoken here:
//   counters(h).sent_bytes     = the sum of arrived.bytes   + 14 arrived.packets   over pairs from
//   h counters(h).received_bytes = the sum of delivered.bytes + 14 delivered.packets over pairs to
//   h
// (a datagram that the switch itself sends in fragments counts once in `delivered`),
// so no packet of a host is missing here; and what arrived, was not cut and did not bypass came to
// a socket of the switch. `arrived` includes what was cut afterwards.
struct PairCounters {
  PacketCount arrived;
  PacketCount bypassed;
  PacketCount delivered;
};

// The hosts that are not nodes, named as nodes are: by the last byte of their address.
inline constexpr NodeId kClients{250};
inline constexpr NodeId kSwitch{254};
inline constexpr std::uint32_t kMostNodes = 99;
// Packets with this mark are delivered to sockets of the switch, whatever their destination: the
// routing part of TPROXY, ready for the monitor's rules (`meta mark set 1`).
inline constexpr std::uint32_t kDeliverHereMark = 1;
// The priority of the chains that cut, in prerouting and in postrouting. A chain of the monitor
// with a higher number never sees a packet that is cut.
inline constexpr int kCutPriority = -160;

// Interfaces of the switch: n1..nN, c0 (clients).
class Sandbox {
 public:
  // Requires: runs inside contain().
  static base::Result<std::unique_ptr<Sandbox>> create(std::uint32_t nodes);
  virtual ~Sandbox() = default;

  virtual std::uint32_t nodes() const = 0;
  virtual std::string address(NodeId node) const = 0;  // "10.77.0.3"
  virtual std::string client_address() const = 0;

  // All functions may be called from any thread. `node` may be kClients, too.

  // Starts `program` on the node's host. The error says what is wrong with it ("no such program:
  // etcd"). Requires: the host is not paused.
  virtual base::Result<std::unique_ptr<Process>> start(NodeId node, const Program& program) = 0;
  // SIGKILL to every process of the host but its init; returns when none is left.
  virtual base::Status kill_all(NodeId node) = 0;
  // SIGSTOP to / SIGCONT every process of the host; returns when /proc shows state T (or not T) for
  // every thread.
  virtual base::Status pause_all(NodeId node) = 0;
  virtual base::Status resume_all(NodeId node) = 0;

  // Moves the calling thread into the network of the clients' host / back into the switch's.
  virtual base::Status enter_clients_network() = 0;
  virtual base::Status enter_switch_network() = 0;
  // Runs `action` (it may open sockets and return them by capture) in a node's network.
  virtual base::Status in_network_of(NodeId node, const std::function<base::Status()>& action) = 0;
  // Runs `action` in a thread of its own that sees a node's files: mounts made there are the
  // node's alone, and stay.
  virtual base::Status in_files_of(NodeId node, const std::function<base::Status()>& action) = 0;

  // From now on exactly the packets of these pairs are dropped, also those of connections that
  // exist and those the monitor emits in a node's name. One atomic transaction; empty heals all.
  // `clients_cut`: nodes that the clients' host cannot reach and vice versa.
  virtual base::Status cut(const std::set<DirectedPair>& pairs,
                           const std::set<NodeId>& clients_cut = {}) = 0;
  // The pairs that are cut at this moment, as the kernel's packet filter states them.
  virtual base::Result<std::set<DirectedPair>> pairs_cut() = 0;

  // Of the host's interface, `sent` by it and `received` by it.
  virtual base::Result<InterfaceCounters> counters(NodeId node) = 0;
  // Of each pair of hosts, kClients and kSwitch included.
  virtual base::Result<std::map<DirectedPair, PairCounters>> pair_counters() = 0;
};

}  // namespace check::sandbox
