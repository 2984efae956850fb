// SPDX-License-Identifier: Apache-2.0
// A small network of hosts on this machine, without root: N nodes and one host for the clients,
// around a switch through which every packet goes.
//
//   n1 10.77.0.1 ---.                       the checker itself runs inside, as init of the outer
//   n2 10.77.0.2 ----+-- switch .254        process space and in the switch's network: when it
//   dies,
//   ...              |   (the monitor)      by whatever cause, the kernel ends everything else.
//   clients .250 ----'
//
//   probe()    which way this machine allows, and why (user namespaces; root).
//   contain()  makes the outer namespaces and runs the checker in them.
//   Sandbox    builds the hosts; starts programs on them; cuts pairs; counts what went over each
//   link.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "check/history/node_id.h"

namespace check::sandbox {

using history::DirectedPair;
using history::NodeId;

enum class Way : std::uint8_t { UserNamespace, Root };
struct Support {
  Way way = Way::UserNamespace;
  std::string why;  // "unprivileged user namespaces work here"
};
// An error names the exact setting that would have to change.
base::Result<Support> probe();

// Runs `body` as init of new user (if the way needs it), network, mount, process, host-name and IPC
// namespaces, and returns its exit code, or 128 + signal. Everything in there dies with this
// process, also by SIGKILL, and with the process that runs `body`. SIGINT and SIGTERM are passed on
// to it. Requires: no other thread runs yet.
base::Result<int> contain(const Support& support, const std::function<int()>& body);

// A program on a host. Owned by the Sandbox's user: killed and reaped on destruction.
struct Program {
  std::vector<std::string> words;        // words[0]: a path, or found in PATH.
  std::vector<std::string> environment;  // "NAME=value", the whole environment.
  std::string directory;                 // Working directory.
  int output_fd = -1;                    // Standard output and error.
};

class Process {
 public:
  virtual ~Process() = default;
  virtual pid_t pid() const = 0;
  virtual int pidfd() const = 0;  // Readable when the process has ended.
};

// Bytes and packets that crossed a host's interface, as its kernel counts them.
struct InterfaceCounters {
  std::uint64_t received_bytes = 0;
  std::uint64_t received_packets = 0;
  std::uint64_t sent_bytes = 0;
  std::uint64_t sent_packets = 0;
};

class Sandbox {
 public:
  // Requires: runs inside contain().
  static base::Result<std::unique_ptr<Sandbox>> create(std::uint32_t nodes);
  virtual ~Sandbox() = default;

  virtual std::uint32_t nodes() const = 0;
  virtual std::string address(NodeId node) const = 0;
  virtual std::string client_address() const = 0;

  // Starts `program` on the node's host.
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

  // From now on exactly the packets of these pairs are dropped, also those of connections that
  // exist and those the monitor emits in a node's name. One atomic transaction; empty heals all.
  // `clients_cut`: nodes that the clients' host cannot reach and vice versa.
  virtual base::Status cut(const std::set<DirectedPair>& pairs,
                           const std::set<NodeId>& clients_cut = {}) = 0;

  virtual base::Result<InterfaceCounters> counters(NodeId node) = 0;
};

}  // namespace check::sandbox
