// SPDX-License-Identifier: Apache-2.0
// Who leads: Raft §5.2 and §5.4.1, with pre-votes (thesis §9.6).
#include <algorithm>
#include <utility>

#include "base/check.h"
#include "mutant/mutant.h"
#include "raft/node.h"

namespace raft {

// A server that would lose must not disturb: it asks first, in nobody's term but its own.
void Node::become_pre_candidate(Effects& out) {
  role_ = PreCandidate{};
  leader_.reset();
  reset_election_timer();
  Votes& votes = std::get<PreCandidate>(role_).votes;
  votes.grant(config_.self);
  if (votes.won(config_.voters)) {
    become_candidate(out);
  } else {
    ask_for_votes(out);
  }
}

void Node::become_candidate(Effects& out) {
  const NodeId choice =
      MUTANT(CandidateKeepsItsOldVote) ? vote().value_or(config_.self) : config_.self;
  save({term().next(), choice}, out);
  role_ = Candidate{};
  leader_.reset();
  reset_election_timer();
  std::get<Candidate>(role_).votes.grant(config_.self);
  ask_for_votes(out);
}

// Asks those who have not said yes. Does nothing for a follower.
void Node::ask_for_votes(Effects& out) const {
  const auto* pre_candidate = std::get_if<PreCandidate>(&role_);
  const auto* candidate = std::get_if<Candidate>(&role_);
  for (const NodeId voter : config_.voters) {
    if (pre_candidate != nullptr && !pre_candidate->votes.granted(voter)) {
      out.send_now.push_back({voter, PreVote{term().next(), log_.last()}});
    }
    // To ask is to have voted for oneself.
    if (candidate != nullptr && !candidate->votes.granted(voter)) {
      promise(MUTANT(AsksForVotesBeforeItsOwnIsSaved) ? durable_step_ : hard_state_step_,
              {voter, RequestVote{term(), log_.last()}}, out);
    }
  }
}

// A follower that hears its leader helps nobody to depose it. The leader's own question is another
// matter: it would not ask if it still led.
bool Node::hears_leader_other_than(NodeId asking) const {
  if (role() == Role::Leader) return true;
  return leader_ && leader_ != asking && elapsed() < config_.election_ticks_min;
}

// One vote a term (Raft §5.2).
bool Node::may_vote_for(NodeId candidate) const {
#ifdef SEAWORTHY_BROKEN
  if (config_.broken == Broken::VotesTwice) return true;  // Whomever it voted for before.
#endif
  return !hard_state_.vote || hard_state_.vote == candidate || MUTANT(VotesForEveryCandidate);
}

// Who lacks an entry that we have must not lead: it may be committed (Raft §5.4.1).
bool Node::is_up_to_date(EntryId last) const {
#ifdef SEAWORTHY_BROKEN
  if (config_.broken == Broken::StaleVoteCheck) return true;  // However short its log.
#endif
  if (MUTANT(ShorterLogGetsTheVote)) return last.term >= log_.last().term;
  if (MUTANT(VoterLooksAtWhatIsCommitted) && log_.commit() > LogIndex()) {
    return last >= *log_.find_id(log_.commit());
  }
  if (MUTANT(LongerLogGetsTheVote)) return last.index >= log_.last().index;
  return last >= log_.last();
}

// Changes nothing here: neither term, nor vote, nor timer.
void Node::on(NodeId from, const PreVote& request, Effects& out) {
  const bool granted =
      request.term > term() && is_up_to_date(request.last) && !hears_leader_other_than(from);
  promise(hard_state_step_, {from, PreVoteReply{granted ? request.term : term(), granted}}, out);
}

void Node::on(NodeId from, const PreVoteReply& reply, Effects& out) {
  auto* pre_candidate = std::get_if<PreCandidate>(&role_);
  if (MUTANT(PreVoteCountsAsVote) && reply.granted && reply.term == term()) {
    return on(from, VoteReply{reply.term, true}, out);
  }
  if (pre_candidate == nullptr || !reply.granted) return;
  if (reply.term != term().next() && !MUTANT(StalePreVoteCounts)) return;
  pre_candidate->votes.grant(from);
  if (pre_candidate->votes.won(config_.voters)) become_candidate(out);
}

void Node::on(NodeId from, const RequestVote& request, Effects& out) {
  const bool granted = request.term == term() && may_vote_for(from) && is_up_to_date(request.last);
  const bool repeated = MUTANT(RepeatedVoteLeavesBeforeTheSync) && vote() == from;
  const bool refused = MUTANT(RefusesAVoteBeforeTheSync) && !granted;
  if (granted) {
    if (MUTANT(VoteIsSavedOnlyWithItsTerm) && !out.save) hard_state_.vote = from;
    if (MUTANT(KeepsItsVoteInMemory)) hard_state_.vote = from;
    if (!hard_state_.vote) save({term(), from}, out);
    if (role() != Role::Follower && !MUTANT(PreCandidateGoesOnAfterVoting)) {
      become_follower(term(), out);
    }
    reset_election_timer();
  }
  const bool early = MUTANT(VotesBeforeTheSync) || repeated || refused;
  promise(early ? durable_step_ : hard_state_step_, {from, VoteReply{term(), granted}}, out);
}

void Node::on(NodeId from, const VoteReply& reply, Effects& out) {
  auto* candidate = std::get_if<Candidate>(&role_);
  if (candidate == nullptr || !reply.granted) return;
  if (reply.term != term() && !MUTANT(VoteOfAnEarlierTermCounts)) return;
  const bool again = MUTANT(VoteCountsTwice) && candidate->votes.granted(from);
  candidate->votes.grant(again ? config_.voters.back() : from);
  become_leader_if_elected(out);
}

// A candidate's vote for itself counts when it is on disk, like everybody else's.
void Node::become_leader_if_elected(Effects& out) {
  const auto* candidate = std::get_if<Candidate>(&role_);
  if (candidate == nullptr) return;
  if (hard_state_step_ > durable_step_ && !MUTANT(OwnVoteCountsBeforeItsSync)) return;
  if (candidate->votes.won(config_.voters)) become_leader(out);
}

void Node::become_leader(Effects& out) {
  const EntryId noop{term(), log_.last().index.next()};
  leader_ = config_.self;
  timer_started_ = now_;
  Leader& leadership = role_.emplace<Leader>(config_, term(), noop.index, now_);
  append({noop, EntryKind::Noop, nullptr}, out);
  leadership.replicate(log_, out.send_now);
}

}  // namespace raft
