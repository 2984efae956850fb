// SPDX-License-Identifier: Apache-2.0
// Frames as one line of text, for the tests of this folder.
#pragma once

#include <sstream>
#include <string>

#include "codec/frame.h"

namespace codec {

class Shower {
 public:
  explicit Shower(std::ostream& out) : out_(out) {}

  void operator()(const Hello& hello) { out_ << "Hello version=" << int{hello.version}; }
  void operator()(const raft::Message& message) { std::visit(*this, message); }
  void operator()(const raft::PreVote& ask) {
    out_ << "PreVote term=" << ask.term << " last=" << ask.last.term << '.' << ask.last.index;
  }
  void operator()(const raft::PreVoteReply& reply) {
    out_ << "PreVoteReply term=" << reply.term << " granted=" << reply.granted;
  }
  void operator()(const raft::RequestVote& ask) {
    out_ << "RequestVote term=" << ask.term << " last=" << ask.last.term << '.' << ask.last.index
         << (ask.transfer ? " transfer" : "");
  }
  void operator()(const raft::VoteReply& reply) {
    out_ << "VoteReply term=" << reply.term << " granted=" << reply.granted;
  }
  void operator()(const raft::AppendEntries& append) {
    out_ << "AppendEntries term=" << append.term << " previous=" << append.previous.term << '.'
         << append.previous.index << " commit=" << append.commit << " round=" << append.round
         << " entries=[";
    for (const raft::Entry& entry : append.entries) {
      out_ << ' ' << entry.id.term << '.' << entry.id.index << ':'
           << (entry.payload == nullptr                       ? "noop"
               : entry.kind == raft::EntryKind::Configuration ? "configuration"
                                                              : '"' + *entry.payload + '"');
    }
    out_ << " ]";
  }
  void operator()(const raft::AppendReply& reply) {
    out_ << "AppendReply term=" << reply.term << " previous=" << reply.previous
         << " round=" << reply.round << " success=" << reply.success
         << " match=" << (reply.success ? reply.match().value() : 0) << " hint=" << reply.hint.term
         << '.' << reply.hint.index << (reply.lost ? " lost" : "");
  }
  void operator()(const raft::SnapshotChunk& chunk) {
    out_ << "SnapshotChunk term=" << chunk.term << " last=" << chunk.last.term << '.'
         << chunk.last.index << " offset=" << chunk.offset << " total=" << chunk.total << " \""
         << (chunk.data == nullptr ? "" : *chunk.data) << '"';
  }
  void operator()(const raft::SnapshotReply& reply) {
    out_ << "SnapshotReply term=" << reply.term << " last=" << reply.last.term << '.'
         << reply.last.index << " offset=" << reply.offset << " next=" << reply.next_offset
         << " installed=" << reply.installed;
  }
  void operator()(const raft::TimeoutNow& request) { out_ << "TimeoutNow term=" << request.term; }
  void operator()(const raft::ReadIndexRequest& request) {
    out_ << "ReadIndexRequest term=" << request.term << " context=" << request.context;
  }
  void operator()(const raft::ReadIndexReply& reply) {
    out_ << "ReadIndexReply term=" << reply.term << " context=" << reply.context
         << " granted=" << reply.granted << " index=" << reply.index;
  }
  void operator()(const Forward& forward) {
    out_ << "Forward sequence=" << forward.sequence
         << (forward.kind == Forward::Kind::Write ? " write \"" : " read \"") << forward.payload
         << '"';
  }
  void operator()(const ForwardReply& reply) {
    out_ << "ForwardReply sequence=" << reply.sequence << ' ';
    std::visit(*this, reply.outcome);
  }
  void operator()(const ForwardDone& done) { out_ << "done \"" << done.payload << '"'; }
  void operator()(const ForwardNotDone& not_done) {
    const bool not_leader = not_done.reason == ForwardNotDone::Reason::NotLeader;
    out_ << "not done: " << (not_leader ? "not leader" : "overloaded");
    if (not_done.leader) out_ << ", try " << *not_done.leader;
  }
  void operator()(const ForwardUnknown&) { out_ << "unknown"; }

 private:
  std::ostream& out_;
};

inline std::string show(const Frame& frame) {
  std::ostringstream out;
  out << frame.address.from << " -> " << frame.address.to << " cluster "
      << frame.address.cluster.value << ": ";
  std::visit(Shower(out), frame.body);
  return out.str();
}

}  // namespace codec
