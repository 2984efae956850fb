// SPDX-License-Identifier: Apache-2.0
#include "check/evidence/traits.h"

#include <algorithm>
#include <array>

namespace check::evidence {

namespace {

using wire::Protocol;

constexpr std::array<Exception, 16> kExceptions = {{
    {Protocol::Etcd, Premise::SendsInOrder,
     "four workers a peer share kept-alive connections for POST /raft "
     "(rafthttp/pipeline.go)"},
    {Protocol::Etcd, Premise::AppendsInOrder,
     "four workers a peer share kept-alive connections for POST /raft "
     "(rafthttp/pipeline.go)"},
    {Protocol::Etcd, Premise::HeartbeatStatesCommit,
     "a heartbeat states the lesser of the commit index and what the receiver is known to "
     "have (raft.go, sendHeartbeat)"},
    {Protocol::Hashicorp, Premise::SendsInOrder,
     "each purpose has a goroutine, and they share a pool of connections: a request "
     "formed earlier may leave later (net_transport.go)"},
    {Protocol::Hashicorp, Premise::HeartbeatStatesCommit,
     "heartbeats state 0 (replication.go, heartbeat)"},
    {Protocol::Hashicorp, Premise::RefusalMeansMissing,
     "an error of the log store refuses, too (raft.go, appendEntries)"},
    {Protocol::Hashicorp, Premise::NameIsMember,
     "some messages carry an address, others an id, most replies nothing"},
    {Protocol::Ovsdb, Premise::RefusalMeansMissing,
     "an error of the disk refuses, too (raft.c, raft_handle_append_request)"},
    {Protocol::Nats, Premise::GrantRepeatsTerm,
     "up to 2.10.9 a vote carries the voter's term from before the request "
     "(nats-server #5021)"},
    {Protocol::Nats, Premise::AckTellsTerm,
     "a success carries the term of the last entry (raft.go, processAppendEntry)"},
    {Protocol::Nats, Premise::RefusalMeansMissing,
     "catching up, a full disk and a paused group refuse, too (raft.go)"},
    {Protocol::Nats, Premise::AckSurvivesPowerCut,
     "documented: sync_interval is two minutes (nats-server #7564)"},
    {Protocol::Pysyncobj, Premise::AckTellsTerm, "next_node_idx has no term (syncobj.py)"},
    {Protocol::Pysyncobj, Premise::RefusalMeansMissing,
     "entries that a snapshot replaced are refused, too (syncobj.py, "
     "__getEntries)"},
    {Protocol::Pysyncobj, Premise::AckSurvivesPowerCut,
     "the journal is written through a memory map without a sync by default "
     "(journal.py)"},
    {Protocol::Libraft, Premise::RefusalMeansMissing,
     "entries that a snapshot replaced are refused, too (replication.c, "
     "checkLogMatchingProperty)"},
}};

}  // namespace

std::span<const Exception> exceptions() { return kExceptions; }

bool holds(Premise premise, wire::Protocol protocol) {
  return std::ranges::none_of(kExceptions, [premise, protocol](const Exception& exception) {
    return exception.premise == premise && exception.protocol == protocol;
  });
}

std::string_view name(Premise premise) {
  switch (premise) {
    case Premise::SendsInOrder:
      return "sends-in-order";
    case Premise::AppendsInOrder:
      return "appends-in-order";
    case Premise::AppendStatesCommit:
      return "append-states-commit";
    case Premise::HeartbeatStatesCommit:
      return "heartbeat-states-commit";
    case Premise::GrantRepeatsTerm:
      return "grant-repeats-term";
    case Premise::AckTellsTerm:
      return "ack-tells-term";
    case Premise::RefusalMeansMissing:
      return "refusal-means-missing";
    case Premise::AckSurvivesPowerCut:
      return "ack-survives-power-cut";
    case Premise::NameIsMember:
      return "name-is-member";
  }
  return "";
}

}  // namespace check::evidence
