// SPDX-License-Identifier: Apache-2.0
// One system under test: how its nodes are started and what they say of themselves. The class to
// derive from to make the checker know another implementation.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "check/cluster/hosts.h"
#include "check/cluster/raft_client.h"

namespace check::cluster {

// What a node states of itself; what a system does not tell is absent.
struct NodeStatus {
  bool leader = false;
  std::optional<NodeId> believed_leader;
  std::optional<std::uint64_t> term;
  std::optional<std::uint64_t> commit;
};

// What a system can do at all. The steps of a run that need what is absent are skipped, and the
// report says so.
struct Capabilities {
  bool cas = true;          // RaftClient::cas; without it every cas is Fail.
  bool append = false;      // RaftClient::append in one step of the system's own.
  bool status = true;       // status() tells more than that the node answers.
  bool membership = false;  // Membership::add and remove.
  bool transfer = false;    // Membership::transfer.
  bool datagrams = false;   // Nodes send each other their messages in datagrams.
};

// Who belongs to the cluster and who leads it, changed by the system's own means. Each call returns
// within `limit`. Requires: a capability for it.
class Membership {
 public:
  virtual ~Membership() = default;
  // Ok: the cluster has agreed that `node` belongs to it. Requires: it was removed, and does not
  // run; RaftClusterConfig::start() then starts it, with an empty directory, as the new member that
  // it is.
  virtual base::Status add(NodeId node, std::chrono::milliseconds limit) = 0;
  // Ok: `node`, which was added and has been started, counts in majorities. For systems in which a
  // new member does so only when it has caught up.
  virtual base::Status admit(NodeId /*node*/, std::chrono::milliseconds /*limit*/) {
    return base::Done{};
  }
  // Ok: the cluster has agreed that `node` does not belong to it, also if it did not before. Its
  // program runs on, or ends by itself, as the system has it.
  virtual base::Status remove(NodeId node, std::chrono::milliseconds limit) = 0;
  // What was answered to the wish that `to` should lead, also if that was no; an error if nobody
  // could be asked.
  virtual base::Result<std::string> transfer(NodeId to, std::chrono::milliseconds limit) = 0;
};

class RaftClusterConfig {
 public:
  virtual ~RaftClusterConfig() = default;

  virtual std::string name() const = 0;     // "etcd"
  virtual std::string version() const = 0;  // As the program itself reports it.
  virtual std::uint32_t nodes() const = 0;

  // Starts `node`, with the data it had if it ran before. Returns without waiting for ready().
  virtual base::Status start(NodeId node) = 0;
  virtual base::Status stop(NodeId node) = 0;
  virtual base::Status kill(NodeId node) = 0;
  // Whether `node` takes part and answers clients. Returns within a second, once what asks for it
  // has been started; status() likewise.
  virtual bool ready(NodeId node) = 0;
  // Returns within a second; an error if the node does not answer.
  virtual base::Result<NodeStatus> status(NodeId node) = 0;
  virtual Capabilities capabilities() const { return {}; }
  // Null if the capabilities have nothing of it. Called from several threads, as status() is.
  virtual Membership* membership() { return nullptr; }

  virtual std::unique_ptr<RaftClient> create_client() = 0;
  // Why a program of the checker's own, which its clients need, did not start: that says nothing of
  // the system. Timeout: it did not within its allowance; else the last one ended at its start.
  virtual std::optional<base::Error> client_trouble() const { return std::nullopt; }

  // TCP and UDP ports on which nodes talk to each other, where known. For the record: a run relays
  // and cuts all traffic between nodes, whatever its port.
  virtual std::vector<std::uint16_t> peer_ports() const { return {}; }
  // What nodes speak on these ports, as `seaworthy list protocols` names it; empty: none of those.
  virtual std::string protocol() const { return {}; }
};

}  // namespace check::cluster
