// SPDX-License-Identifier: Apache-2.0
#include "sim/witness.h"

#include <algorithm>
#include <variant>

namespace sim {

namespace {

namespace wire = check::wire;
using check::evidence::NodeEvent;
using check::evidence::NodeEventKind;

wire::Term term(raft::Term in) { return wire::Term(in.value()); }
wire::Index index(raft::LogIndex in) { return wire::Index(in.value()); }
wire::EntryKind kind(raft::EntryKind in) {
  if (in == raft::EntryKind::Configuration) return wire::EntryKind::Configuration;
  return in == raft::EntryKind::Noop ? wire::EntryKind::Noop : wire::EntryKind::Command;
}

// As docs/formats/peer-protocol.md has it, and its decoder.
struct Words {
  wire::Message& out;

  void operator()(const raft::PreVote& in) const {
    out.type = wire::MessageType::PreVote;
    out.term_entered = false;
    ask(in.term, in.last);
  }
  void operator()(const raft::PreVoteReply& in) const {
    out.type = wire::MessageType::PreVoteReply;
    out.term_entered = !in.granted;
    reply(in.term, in.granted);
  }
  void operator()(const raft::RequestVote& in) const {
    out.type = wire::MessageType::RequestVote;
    ask(in.term, in.last);
    out.transfer = in.transfer;
  }
  void operator()(const raft::VoteReply& in) const {
    out.type = wire::MessageType::RequestVoteReply;
    reply(in.term, in.granted);
  }
  void operator()(const raft::AppendEntries& in) const {
    out.type = wire::MessageType::AppendEntries;
    out.term = term(in.term);
    out.prev_index = index(in.previous.index);
    out.prev_term = term(in.previous.term);
    out.commit = index(in.commit);
    out.context = in.round;
    out.entries.reserve(in.entries.size());
    for (const raft::Entry& entry : in.entries) {
      wire::Entry seen;
      seen.index = index(entry.id.index);
      seen.term = term(entry.id.term);
      seen.kind = kind(entry.kind);
      if (entry.payload != nullptr) {
        seen.hash = wire::hash_of(*entry.payload);
        seen.bytes = entry.payload->size();
      } else {
        seen.hash = wire::hash_of({});
      }
      out.entries.push_back(seen);
    }
  }
  void operator()(const raft::AppendReply& in) const {
    out.type = wire::MessageType::AppendReply;
    reply(in.term, in.success);
    out.prev_index = index(in.previous);
    out.context = in.round;
    if (in.success) out.match = index(in.match());
  }
  void operator()(const raft::SnapshotChunk& in) const {
    out.type = wire::MessageType::InstallSnapshot;
    out.term = term(in.term);
    out.last_index = index(in.last.index);
    out.last_term = term(in.last.term);
  }
  void operator()(const raft::SnapshotReply& in) const {
    out.type = wire::MessageType::SnapshotReply;
    reply(in.term, true);
    if (in.installed) out.match = index(in.last.index);
  }
  void operator()(const raft::TimeoutNow& in) const {
    out.type = wire::MessageType::TimeoutNow;
    out.term = term(in.term);
  }
  void operator()(const raft::ReadIndexRequest& in) const {
    out.type = wire::MessageType::ReadIndex;
    out.term = term(in.term);
    out.context = in.context;
  }
  void operator()(const raft::ReadIndexReply& in) const {
    out.type = wire::MessageType::ReadIndexReply;
    out.term = term(in.term);
    out.context = in.context;
    out.success = in.granted;
  }

 private:
  void ask(raft::Term asked, raft::EntryId last) const {
    out.term = term(asked);
    out.last_index = index(last.index);
    out.last_term = term(last.term);
  }
  void reply(raft::Term its_term, bool success) const {
    out.term = term(its_term);
    out.success = success;
  }
};

}  // namespace

void Witness::tell(raft::NodeId node, NodeEventKind kind, std::uint64_t now) {
  time_ = std::max(time_ + 1, now * 1000);
  NodeEvent event;
  event.node = {node.value};
  event.kind = kind;
  event.time_ns = time_;
  judge_.on(event);
}

void Witness::on_started(raft::NodeId node, bool shortened, std::uint64_t now) {
  if (shortened) tell(node, NodeEventKind::Emptied, now);
  tell(node, NodeEventKind::Started, now);
}

void Witness::on_stopped(raft::NodeId node, bool power_cut, std::uint64_t now) {
  tell(node, power_cut ? NodeEventKind::PowerCut : NodeEventKind::Ended, now);
  std::erase_if(connections_, [node](const auto& connection) {
    return connection.first.first == node || connection.first.second == node;
  });
}

void Witness::on_sent(raft::NodeId from, const raft::Envelope& envelope, std::uint64_t now) {
  const auto [connection, is_new] =
      connections_.try_emplace(std::minmax(from, envelope.to), last_connection_ + 1);
  if (is_new) ++last_connection_;
  time_ = std::max(time_ + 1, now * 1000);
  wire::Observation seen;
  seen.id = ++messages_;
  seen.time_ns = time_;
  seen.from = {from.value};
  seen.to = {envelope.to.value};
  seen.connection = connection->second;
  seen.message.sender = std::to_string(from.value);
  seen.message.receiver = std::to_string(envelope.to.value);
  std::visit(Words{seen.message}, envelope.message);
  judge_.observe(seen);
}

}  // namespace sim
