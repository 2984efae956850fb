// SPDX-License-Identifier: Apache-2.0
#include "sim/judges.h"

#include <algorithm>
#include <utility>

#include "raft/describe.h"
#include "sim/judges_text.h"

namespace sim {

namespace {

// Terms of a run are small; what is not is its own violation, not a table of that size.
constexpr std::uint64_t kMostTerms = std::uint64_t{1} << 20U;

}  // namespace

Before before(const replica::Replica& replica) {
  const raft::Node& node = replica.node();
  const raft::Configuration& now = node.configuration();
  return {node.role(),
          node.term(),
          node.vote(),
          node.commit(),
          replica.applied(),
          node.log().persisted(),
          node.last(),
          node.leader(),
          node.successor(),
          node.configuration_index(),
          now.is_joint(),
          now.has_voter(node.id()),
          now.find(node.id()) != nullptr};
}

Judges::Judges(std::uint32_t servers, std::uint32_t voters)
    : voters_(voters), servers_(servers), committed_(1) {
  for (std::uint32_t id = 1; id <= servers; ++id) {
    server({id}).log.emplace_back();
    server({id}).configurations = first_configuration({id});
  }
}

void Judges::say(std::string judge, raft::NodeId node, std::string sentence) {
  if (violation_) return;
  violation_ = Violation{std::move(judge), std::move(sentence), node.value, 0, 0};
}

void Judges::begin(const replica::Replica& replica, raft::LogIndex touched) {
  touched_ = std::min(touched, replica.node().last().index.next());
  configured_ = server(replica.node().id()).configurations.back().first;
}

void Judges::on_input(const Before& was, const replica::Replica& replica) {
  const raft::Node& node = replica.node();
  judge_steps(was, node);
  if (replica.applied() < was.applied) {
    say("applied", node.id(),
        text(node.id()) + " went back from applied index " + text(was.applied) + " to " +
            text(replica.applied()));
  }
  follow_log(node, touched_);
  const bool new_leader = node.role() == raft::Role::Leader &&
                          (was.role != raft::Role::Leader || was.term != node.term());
  if (new_leader) judge_leader(node);
  judge_commit(node);
  judge_membership(node);
}

// What holds between any two steps of one life.
void Judges::judge_steps(const Before& was, const raft::Node& node) {
  if (node.term() < was.term) {
    say("terms", node.id(),
        text(node.id()) + " went back from term " + text(was.term) + " to " + text(node.term()));
  }
  if (node.commit() < was.commit) {
    say("commits", node.id(),
        text(node.id()) + " went back from commit index " + text(was.commit) + " to " +
            text(node.commit()));
  }
  if (node.term() == was.term && was.vote && node.vote() != was.vote) {
    say("one-vote", node.id(),
        text(node.id()) + " changed or forgot its vote in term " + text(was.term));
  }
  // Leader Append-Only: a leader never overwrites or deletes entries in its log.
  const bool led_on = was.role == raft::Role::Leader && node.role() == raft::Role::Leader &&
                      was.term == node.term();
  const bool lost =
      was.last.index >= node.log().base().index && node.log().find_id(was.last.index) != was.last;
  if (led_on && lost) {
    say("leader-append-only", node.id(),
        text(node.id()) + " leads term " + text(node.term()) + " and lost its entry " +
            raft::describe(was.last));
  }
  const bool took = led_on && was.successor && node.successor() == was.successor &&
                    node.last() != was.last &&
                    node.log().at(node.last().index).kind == raft::EntryKind::Command;
  if (took) {
    say("transfer", node.id(), text(node.id()) + " took a write while it gave its leadership away");
  }
}

void Judges::cut(Server& mine, std::uint64_t last) {
  mine.log.resize(last + 1);
  mine.promised = std::min(mine.promised, last);
  while (mine.configurations.back().first > last) mine.configurations.pop_back();
}

// A snapshot stands for the log up to its base: what was committed there, and nothing else.
void Judges::follow_base(const raft::Node& node) {
  Server& mine = server(node.id());
  const raft::EntryId base = node.log().base();
  const std::uint64_t end = base.index.value();
  if (end >= committed_.size() || (end > 0 && committed_[end].id != base)) {
    return say("snapshot", node.id(),
               text(node.id()) + " has a snapshot up to " + raft::describe(base) +
                   ", which nobody has committed");
  }
  // Also who was not there at first knows it from the snapshot.
  mine.configurations.front() = first_configuration({1}).front();
  for (std::uint64_t index = std::exchange(mine.base, end) + 1; index <= end; ++index) {
    const raft::EntryId id = committed_[index].id;
    if (index < mine.log.size() && mine.log[index] == id) continue;
    if (index < mine.log.size()) cut(mine, index - 1);
    mine.log.push_back(id);
    enter(mine, nullptr, id);
  }
}

// Keeps the copy of the server's log, and looks at what is new in it.
void Judges::follow_log(const raft::Node& node, raft::LogIndex touched) {
  Server& mine = server(node.id());
  const std::uint64_t last = node.last().index.value();
  if (mine.log.size() > last + 1) cut(mine, last);
  if (node.log().base().index.value() > mine.base) follow_base(node);
  if (violation_) return;
  const std::uint64_t from = std::max(touched.value(), mine.base + 1);
  for (std::uint64_t index = from; index <= last; ++index) {
    const raft::EntryId id = node.log().at(raft::LogIndex(index)).id;
    if (index < mine.log.size()) {
      if (mine.log[index] == id) continue;
      cut(mine, index - 1);
    }
    mine.log.push_back(id);
    know(node, index);
    enter(mine, &node, id);
  }
}

// Log Matching: if two logs contain an entry with the same index and term, then the logs are
// identical in all entries up through the given index. By induction over the entry before.
void Judges::know(const raft::Node& node, std::uint64_t index) {
  if (facts_.size() <= index) facts_.resize(index + 1);
  const raft::Entry& entry = node.log().at(raft::LogIndex(index));
  const raft::Term previous = node.log().find_id(raft::LogIndex(index - 1))->term;
  for (const Fact& fact : facts_[index]) {
    if (fact.term != entry.id.term) continue;
    const bool same = fact.previous == previous && fact.kind == entry.kind &&
                      same_payload(fact.payload, entry.payload);
    if (!same) {
      say("log-matching", node.id(),
          text(node.id()) + " has another entry " + raft::describe(entry.id) +
              " than was there before, or another one before it");
    }
    return;
  }
  facts_[index].push_back({entry.id.term, previous, entry.kind, entry.payload});
}

void Judges::judge_leader(const raft::Node& node) {
  server(node.id()).heard.assign(servers_.size(), server(node.id()).ticks);
  record_leader(node.id(), node.term());
  judge_votes(node);
  // Leader Completeness: what was committed in a term is in the logs of all leaders of later ones.
  for (std::uint64_t index = server(node.id()).base + 1; index < committed_.size(); ++index) {
    const Committed& one = committed_[index];
    if (one.in >= node.term() || node.log().contains(one.id)) continue;
    say("leader-completeness", node.id(),
        text(node.id()) + " leads term " + text(node.term()) + " without the entry " +
            raft::describe(one.id) + ", which was committed in term " + text(one.in));
    return;
  }
}

// Election Safety: at most one leader can be elected in a given term.
void Judges::record_leader(raft::NodeId leader, raft::Term term) {
  if (term.value() > kMostTerms) return say("terms", leader, "term " + text(term) + " was reached");
  if (leaders_.size() <= term.value()) leaders_.resize(term.value() + 1);
  raft::NodeId& known = leaders_[term.value()];
  if (known == raft::NodeId{}) known = leader;
  if (known != leader) {
    say("election-safety", leader,
        text(known) + " and " + text(leader) + " both led term " + text(term));
  }
}

void Judges::promise_term(raft::NodeId node, raft::Term term) {
  Server& mine = server(node);
  mine.promised_term = std::max(mine.promised_term, term);
}

void Judges::record_vote(raft::NodeId voter, raft::Term term, raft::NodeId candidate) {
  if (term.value() > kMostTerms) return say("terms", voter, "term " + text(term) + " was reached");
  Server& mine = server(voter);
  if (mine.votes.size() <= term.value()) mine.votes.resize(term.value() + 1);
  Vote& vote = mine.votes[term.value()];
  if (vote.life == 0) vote = {candidate, mine.life};
  if (vote.candidate != candidate) {
    say("one-vote", voter,
        text(voter) + " voted for " + text(vote.candidate) + " and for " + text(candidate) +
            " in term " + text(term));
  }
}

std::uint32_t Judges::vote_life(raft::NodeId node, raft::Term term) const {
  const Server& mine = server(node);
  return term.value() < mine.votes.size() ? mine.votes[term.value()].life : 0;
}

void Judges::on_sent(const raft::Envelope& envelope, const replica::Replica& replica) {
  const raft::NodeId from = replica.node().id();
  if (const auto* append = std::get_if<raft::AppendEntries>(&envelope.message)) {
    promise_term(from, append->term);
    record_leader(from, append->term);
    // It may die before the end of its turn: others go by what it says now.
    follow_log(replica.node(), touched_);
    judge_commit(replica.node());
  } else if (const auto* reply = std::get_if<raft::AppendReply>(&envelope.message)) {
    promise_term(from, reply->term);
    if (reply->success) on_promised_entries(*reply, replica);
  } else if (const auto* chunk = std::get_if<raft::SnapshotChunk>(&envelope.message)) {
    promise_term(from, chunk->term);
    record_leader(from, chunk->term);
  } else if (const auto* installed = std::get_if<raft::SnapshotReply>(&envelope.message)) {
    promise_term(from, installed->term);
    if (installed->installed) on_promised_snapshot(*installed, replica);
  } else if (const auto* asks = std::get_if<raft::ReadIndexRequest>(&envelope.message)) {
    promise_term(from, asks->term);
  } else if (const auto* told = std::get_if<raft::ReadIndexReply>(&envelope.message)) {
    promise_term(from, told->term);
  } else if (const auto* call = std::get_if<raft::TimeoutNow>(&envelope.message)) {
    judge_call(envelope.to, *call, replica.node());
  } else if (const auto* request = std::get_if<raft::RequestVote>(&envelope.message)) {
    promise_term(from, request->term);
    record_vote(from, request->term, from);
  } else if (const auto* vote = std::get_if<raft::VoteReply>(&envelope.message)) {
    promise_term(from, vote->term);
    if (!vote->granted) return;
    record_vote(from, vote->term, envelope.to);
    if (replica.node().floor() == raft::EntryId{}) return;
    say("floor", from, text(from) + " voted though its disk lost what it had acknowledged");
  }
}

// It says that it has these, for good.
void Judges::on_promised_entries(const raft::AppendReply& reply, const replica::Replica& replica) {
  const raft::NodeId from = replica.node().id();
  Server& mine = server(from);
  follow_log(replica.node(), touched_);
  if (reply.match().value() >= mine.log.size()) {
    // It took the append, and then, in the same turn, one of a later leader, which cut it: that
    // leader was elected without it, so that too few others have it for it to be committed.
    if (reply.term < replica.node().term()) return;
    return say("durable-ack", from,
               text(from) + " acknowledged entries up to " + text(reply.match()) +
                   " and has none behind " + std::to_string(mine.log.size() - 1));
  }
  mine.promised = std::max(mine.promised, reply.match().value());
}

// It says that it has all up to there, for good.
void Judges::on_promised_snapshot(const raft::SnapshotReply& reply,
                                  const replica::Replica& replica) {
  const raft::NodeId from = replica.node().id();
  follow_log(replica.node(), touched_);
  Server& mine = server(from);
  const std::uint64_t index = reply.last.index.value();
  if (index < mine.log.size() && mine.log[index] == reply.last) {
    mine.promised = std::max(mine.promised, index);
  } else if (reply.term == replica.node().term()) {
    say("durable-ack", from,
        text(from) + " acknowledged a snapshot up to " + raft::describe(reply.last) +
            " and does not have it");
  }
}

// Acknowledged means durable: what it told others, it still knows.
void Judges::on_started(const replica::Replica& replica) {
  const raft::Node& node = replica.node();
  const raft::NodeId id = node.id();
  Server& mine = server(id);
  mine.life += 1;
  mine.applied = replica.applied();
  mine.committed = 0;
  mine.followed.reset();
  mine.meant = UINT64_MAX;
  mine.succession = 0;
  if (node.term() < mine.promised_term) {
    return say("durable-ack", id,
               text(id) + " had told others that it is in term " + text(mine.promised_term) +
                   " and came back in term " + text(node.term()));
  }
  const std::uint64_t term = node.term().value();
  if (term < mine.votes.size() && mine.votes[term].life != 0 &&
      node.vote() != mine.votes[term].candidate) {
    return say("durable-ack", id,
               text(id) + " had voted for " + text(mine.votes[term].candidate) + " in term " +
                   text(node.term()) + " and came back without that vote");
  }
  mine.floor = std::max(mine.floor, node.floor());
  const raft::EntryId base = node.log().base();
  const std::uint64_t begin = base.index.value();
  // Its snapshot is of a leader that did not have what it had promised: nobody counts on that.
  if (begin < mine.log.size() && mine.log[begin] != base) {
    mine.promised = std::min(mine.promised, begin);
  }
  for (std::uint64_t index = begin + 1; index <= mine.promised; ++index) {
    if (node.log().contains(mine.log[index])) continue;
    if (mine.log[mine.promised] <= node.floor()) {
      mine.promised = index - 1;
      break;
    }
    return say("durable-ack", id,
               text(id) + " had told others that it has " + raft::describe(mine.log[index]) +
                   " and came back without");
  }
  // What it has besides may be older than the copy: start anew, all of it judged again.
  const std::uint64_t promised = mine.promised;
  cut(mine, 0);
  mine.base = 0;
  mine.configurations = first_configuration(id);
  follow_log(node, raft::LogIndex(1));
  mine.promised = promised;
  judge_commit(node);
  judge_membership(node);
}

void Judges::on_stopped(raft::NodeId node) { server(node).applied = raft::LogIndex(); }

void Judges::on_gone(raft::NodeId node) { server(node).gone = true; }

}  // namespace sim
