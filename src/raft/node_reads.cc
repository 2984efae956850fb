// SPDX-License-Identifier: Apache-2.0
// Linearizable reads: at a leader by read index or lease (leader_reads.cc), at others by asking the
// leader for an index and waiting until that much is committed here (thesis §6.4).
//
//   waiting --ask--> asked --granted--> granted --commit reaches the index--> readable
//                      '--refused, no answer, another leader--> unreadable
#include <algorithm>
#include <utility>

#include "mutant/mutant.h"
#include "raft/node.h"

namespace raft {

void Node::on(const Read& read, Effects& out) {
  if (Leader* leadership = find_own_leadership()) {
    if (!leadership->read({{}, read.id.value(), {}}, log_, out)) {
      out.unreadable.push_back(read.id);
      return;
    }
    return leadership->answer_reads(log_, out);  // Alone, a server needs nobody's answer.
  }
  const std::size_t pending =
      asked_reads_.waiting.size() + asked_reads_.asked.size() + asked_reads_.granted.size();
  if (!leader_ || pending >= config_->max_pending_reads) {
    out.unreadable.push_back(read.id);
    return;
  }
  asked_reads_.waiting.push_back(read.id);
  if (asked_reads_.asked.empty()) ask_for_index(out);
}

// One question at a time, for all reads that came before it: those that come while it is under way
// need the next, whose answer is newer than they are.
void Node::ask_for_index(Effects& out) {
  if (asked_reads_.waiting.empty() || !leader_) return;
  asked_reads_.asked = std::exchange(asked_reads_.waiting, {});
  asked_reads_.context += 1;
  asked_reads_.asked_at = now_;
  ask_leader(out);
}

// Nobody hears of a term that is not on disk here (hazard F4).
void Node::ask_leader(Effects& out) const {
  promise(MUTANT(AsksForAnIndexBeforeTheSync) ? durable_step_ : hard_state_step_,
          {*leader_, ReadIndexRequest{term(), asked_reads_.context}}, out);
}

void Node::on_asked_reads_tick(Effects& out) {
  if (asked_reads_.asked.empty()) return;
  const std::uint64_t waited = now_ - asked_reads_.asked_at;
  if (waited >= config_->election_ticks_min) {
    for (const ReadId id : std::exchange(asked_reads_.asked, {})) out.unreadable.push_back(id);
    ask_for_index(out);
  } else if (waited % config_->heartbeat_ticks == 0 && leader_) {
    ask_leader(out);
  }
}

void Node::on(NodeId from, const ReadIndexRequest& request, Effects& out) {
  Leader* leadership = find_own_leadership();
  const bool asks_us =
      leadership != nullptr && request.term == term() && leadership->find_progress(from) != nullptr;
  if (!asks_us || !leadership->read({from, request.context, {}}, log_, out)) {
    promise(hard_state_step_, {from, ReadIndexReply{term(), request.context, false, {}}}, out);
    return;
  }
  leadership->answer_reads(log_, out);
}

// The index says nothing about our own log, which may differ there: it is only waited for (hazard
// B7).
void Node::on(NodeId from, const ReadIndexReply& reply, Effects& out) {
  if (reply.term != term() || leader_ != from || asked_reads_.asked.empty()) return;
  if (reply.context != asked_reads_.context && !MUTANT(LateReadIndexCounts)) return;
  for (const ReadId id : std::exchange(asked_reads_.asked, {})) {
    if (reply.granted) {
      asked_reads_.granted.push_back({id, reply.index});
    } else {
      out.unreadable.push_back(id);
    }
  }
  answer_asked_reads(out);
  ask_for_index(out);
}

// Indices rise from question to question, so what can be answered comes first.
void Node::answer_asked_reads(Effects& out) {
  std::vector<Readable>& granted = asked_reads_.granted;
  const auto rest = std::ranges::find_if_not(granted, [this](const Readable& read) {
    return read.index <= log_.commit() || MUTANT(FollowerReadsAtOnce);
  });
  out.readable.insert(out.readable.end(), granted.begin(), rest);
  granted.erase(granted.begin(), rest);
}

void Node::give_up_asked_reads(Effects& out) {
  for (const ReadId id : std::exchange(asked_reads_.asked, {})) out.unreadable.push_back(id);
  for (const ReadId id : std::exchange(asked_reads_.waiting, {})) out.unreadable.push_back(id);
  for (const Readable& read : std::exchange(asked_reads_.granted, {})) {
    out.unreadable.push_back(read.id);
  }
}

}  // namespace raft
