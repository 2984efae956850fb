// SPDX-License-Identifier: Apache-2.0
#include "sim/judges.h"

#include <algorithm>
#include <utility>

#include "raft/describe.h"

namespace sim {

namespace {

bool same_payload(const raft::Payload& left, const raft::Payload& right) {
  if (left == right) return true;
  return left != nullptr && right != nullptr && *left == *right;
}

std::string text(raft::NodeId id) { return "n" + std::to_string(id.value); }
std::string text(raft::Term term) { return std::to_string(term.value()); }
std::string text(raft::LogIndex index) { return std::to_string(index.value()); }

// Terms of a run are small; what is not is its own violation, not a table of that size.
constexpr std::uint64_t kMostTerms = std::uint64_t{1} << 20U;

}  // namespace

Before before(const replica::Replica& replica) {
  const raft::Node& node = replica.node();
  return {node.role(),   node.term(),       node.vote(),
          node.commit(), replica.applied(), node.log().persisted(),
          node.last()};
}

Judges::Judges(std::uint32_t nodes) : servers_(nodes), committed_(1) {
  for (Server& server : servers_) server.log.emplace_back();
}

void Judges::say(std::string judge, raft::NodeId node, std::string sentence) {
  if (violation_) return;
  violation_ = Violation{std::move(judge), std::move(sentence), node.value, 0, 0};
}

void Judges::begin(const replica::Replica& replica, raft::LogIndex touched) {
  touched_ = std::min(touched, replica.node().last().index.next());
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
  if (node.role() == raft::Role::Leader && was.role != raft::Role::Leader) judge_leader(node);
  judge_commit(node);
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
  if (led_on && node.log().find_id(was.last.index) != was.last) {
    say("leader-append-only", node.id(),
        text(node.id()) + " leads term " + text(node.term()) + " and lost its entry " +
            raft::describe(was.last));
  }
}

// Keeps the copy of the server's log, and looks at what is new in it.
void Judges::follow_log(const raft::Node& node, raft::LogIndex touched) {
  Server& mine = server(node.id());
  const std::uint64_t last = node.last().index.value();
  const std::uint64_t from = std::max<std::uint64_t>(touched.value(), 1);
  if (mine.log.size() > last + 1) {
    mine.log.resize(last + 1);
    mine.promised = std::min(mine.promised, last);
  }
  for (std::uint64_t index = from; index <= last; ++index) {
    const raft::EntryId id = node.log().at(raft::LogIndex(index)).id;
    if (index < mine.log.size()) {
      if (mine.log[index] == id) continue;
      mine.log.resize(index);
      mine.promised = std::min(mine.promised, index - 1);
    }
    mine.log.push_back(id);
    know(node, index);
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

void Judges::on_heard(const raft::Node& node, raft::NodeId from, raft::Term term) {
  Server& mine = server(node.id());
  if (node.term() == term && from.value <= mine.heard.size()) {
    mine.heard[from.value - 1] = mine.ticks;
  }
}

void Judges::judge_quorum(const raft::Node& node) {
  if (node.role() != raft::Role::Leader) return;
  const Server& mine = server(node.id());
  const auto& voters = node.config().voters;
  const auto heard = std::ranges::count_if(voters, [&](raft::NodeId voter) {
    return voter == node.id() ||
           mine.ticks - mine.heard[voter.value - 1] <= node.config().election_ticks_max;
  });
  if (2 * static_cast<std::size_t>(heard) > voters.size()) return;
  say("check-quorum", node.id(),
      text(node.id()) + " still leads term " + text(node.term()) + " though it has not heard a " +
          "majority for longer than an election timeout");
}

void Judges::judge_leader(const raft::Node& node) {
  server(node.id()).heard.assign(servers_.size(), server(node.id()).ticks);
  record_leader(node.id(), node.term());
  // Leader Completeness: what was committed in a term is in the logs of all leaders of later ones.
  for (std::uint64_t index = 1; index < committed_.size(); ++index) {
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

void Judges::judge_commit(const raft::Node& node) {
  Server& mine = server(node.id());
  if (node.commit().value() <= mine.committed) return;
  const std::uint64_t first = std::exchange(mine.committed, node.commit().value()) + 1;
  if (node.role() == raft::Role::Leader) judge_leaders_commit(node);
  for (std::uint64_t index = first; index <= node.commit().value(); ++index) {
    const raft::EntryId id = node.log().at(raft::LogIndex(index)).id;
    if (index < committed_.size()) {
      Committed& known = committed_[index];
      if (known.id != id) {
        return say("state-machine-safety", node.id(),
                   text(node.id()) + " committed " + raft::describe(id) + " where " +
                       raft::describe(known.id) + " was committed");
      }
      known.in = std::min(known.in, node.term());
      continue;
    }
    // Only a leader can be the first, and in its own term.
    if (node.role() != raft::Role::Leader) {
      return say("commit-rule", node.id(),
                 text(node.id()) + " takes " + raft::describe(id) +
                     " for committed, which no leader has committed");
    }
    committed_.push_back({id, node.term()});
  }
}

// A leader commits an entry of its own term, by counting servers that said they have it on disk, or
// itself (Raft §5.3, §5.4.2). Its own share is a promise as well: a majority counts on it.
void Judges::judge_leaders_commit(const raft::Node& node) {
  const std::uint64_t index = node.commit().value();
  const raft::EntryId id = node.log().at(node.commit()).id;
  if (id.term != node.term()) {
    return say("commit-rule", node.id(),
               text(node.id()) + " leads term " + text(node.term()) + " and committed " +
                   raft::describe(id) + " by counting");
  }
  std::size_t have = 0;
  for (const raft::NodeId voter : node.config().voters) {
    const Server& other = server(voter);
    const bool has = other.promised >= index && other.log[index] == id;
    if (voter != node.id() && (has || other.gone)) have += 1;
  }
  Server& mine = server(node.id());
  const std::size_t majority = node.config().voters.size() / 2 + 1;
  if (have >= majority) return;
  if (have + 1 < majority) {
    return say("commit-rule", node.id(),
               text(node.id()) + " committed " + raft::describe(id) + ", which only " +
                   std::to_string(have) + " others said they have");
  }
  mine.promised = std::max(mine.promised, index);
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
    if (!reply->success) return;
    Server& mine = server(from);
    follow_log(replica.node(), touched_);
    if (reply->match.value() >= mine.log.size()) {
      // It took the append, and then, in the same turn, one of a later leader, which cut it: that
      // leader was elected without it, so that too few others have it for it to be committed.
      if (reply->term < replica.node().term()) return;
      return say("durable-ack", from,
                 text(from) + " acknowledged entries up to " + text(reply->match) +
                     " and has none behind " + std::to_string(mine.log.size() - 1));
    }
    mine.promised = std::max(mine.promised, reply->match.value());
  } else if (const auto* request = std::get_if<raft::RequestVote>(&envelope.message)) {
    promise_term(from, request->term);
    record_vote(from, request->term, from);
  } else if (const auto* vote = std::get_if<raft::VoteReply>(&envelope.message)) {
    promise_term(from, vote->term);
    if (vote->granted) record_vote(from, vote->term, envelope.to);
  }
}

bool Judges::is_known(const raft::Entry& entry) const {
  const std::uint64_t index = entry.id.index.value();
  if (index >= facts_.size()) return false;
  return std::ranges::any_of(facts_[index], [&entry](const Fact& fact) {
    return fact.term == entry.id.term && fact.kind == entry.kind &&
           same_payload(fact.payload, entry.payload);
  });
}

// State Machine Safety: if a server has applied an entry at an index, no server ever applies
// another there.
void Judges::on_applied(const replica::Replica& replica, const raft::Entry& entry) {
  const raft::NodeId node = replica.node().id();
  Server& mine = server(node);
  if (entry.id.index != mine.applied.next()) {
    return say(
        "applied", node,
        text(node) + " applied index " + text(entry.id.index) + " after " + text(mine.applied));
  }
  mine.applied = entry.id.index;
  const std::uint64_t position = entry.id.index.value() - 1;
  if (!is_known(entry)) follow_log(replica.node(), touched_);  // Alone, all is done in one turn.
  if (!is_known(entry)) {
    return say("state-machine-safety", node,
               text(node) + " applied " + raft::describe(entry) + ", which no log has");
  }
  if (position == applied_.size()) {
    applied_.push_back(entry);
    return;
  }
  const raft::Entry& known = applied_[position];
  if (known.id != entry.id || !same_payload(known.payload, entry.payload)) {
    say("state-machine-safety", node,
        text(node) + " applied " + raft::describe(entry) + " where " + raft::describe(known) +
            " was applied");
  }
}

// Acknowledged means durable: what it told others, it still knows.
void Judges::on_started(const replica::Replica& replica) {
  const raft::Node& node = replica.node();
  const raft::NodeId id = node.id();
  Server& mine = server(id);
  mine.life += 1;
  mine.applied = raft::LogIndex();
  mine.committed = 0;
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
  for (std::uint64_t index = 1; index <= mine.promised; ++index) {
    if (node.log().contains(mine.log[index])) continue;
    return say("durable-ack", id,
               text(id) + " had told others that it has " + raft::describe(mine.log[index]) +
                   " and came back without");
  }
  // What it has besides may be older than the copy: start anew, all of it judged again.
  mine.log.resize(1);
  const std::uint64_t promised = mine.promised;
  follow_log(node, raft::LogIndex(1));
  mine.promised = promised;
}

void Judges::on_stopped(raft::NodeId node) { server(node).applied = raft::LogIndex(); }

void Judges::on_gone(raft::NodeId node) { server(node).gone = true; }

}  // namespace sim
