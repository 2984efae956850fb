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
  reset_election_timer();
  give_up_asked_reads(out);
  leader_.reset();
  role_ = Follower{};
  if (!may_campaign()) return;
  role_ = PreCandidate{};
  Votes& votes = *find_own_votes();
  votes.grant(config_->self);
  if (votes.won(quorum())) {
    become_candidate(false, out);
  } else {
    ask_for_votes(out);
  }
}

void Node::become_candidate(bool transfer, Effects& out) {
  const NodeId choice =
      MUTANT(CandidateKeepsItsOldVote) ? vote().value_or(config_->self) : config_->self;
  give_up_asked_reads(out);
  save({term().next(), choice}, out);
  role_ = Candidate{{}, transfer};
  leader_.reset();
  reset_election_timer();
  find_own_votes()->grant(config_->self);
  ask_for_votes(out);
}

// Asks those who have not said yes and whose turn it is. Does nothing for a follower.
void Node::ask_for_votes(Effects& out) {
  Votes* const votes = find_own_votes();
  if (votes == nullptr) return;
  const auto* candidate = std::get_if<Candidate>(&role_);
  // To ask is to have voted for oneself.
  const StepNumber needs =
      MUTANT(AsksForVotesBeforeItsOwnIsSaved) ? durable_step_ : hard_state_step_;
  // The first question is still here: to put more of them behind it helps nobody.
  const bool held = candidate != nullptr && needs > durable_step_ && elapsed() > 0;
  votes->ask_due(quorum(), now_, config_->heartbeat_ticks, [&](NodeId voter) {
    if (held) return;
    if (candidate == nullptr) {
      out.send_now.push_back({voter, PreVote{term().next(), log_.last()}});
    } else {
      promise(needs, {voter, RequestVote{term(), log_.last(), candidate->transfer}}, out);
    }
  });
}

// Learners, servers that have not joined yet, those whose removal is committed, and those whose
// disk lost what they had acknowledged do not lead (hazards A13, A36, F13). The configuration
// counts that the log has, committed or not (hazard A34). But a voter whose removal is not
// committed stands, for it may be the only one that has the entry, without a vote for itself
// (thesis §4.2.2; hazard C21).
bool Node::may_campaign() const {
  if (quorum().empty() || is_shortened()) return false;
  return membership_.was_voter_since(log_.commit(), config_->self) || MUTANT(LearnersCampaign);
}

bool Node::is_shortened() const { return floor_ != EntryId() && !MUTANT(ShortenedLogVotes); }

// A follower that hears its leader helps nobody to depose it. The leader's own question is another
// matter: it would not ask if it still led.
bool Node::may_help(NodeId candidate) const {
  if (role() == Role::Leader) return false;
  if (config_->lease.on && !MUTANT(LeaseForgetsItsPromise)) {
    // What was promised holds whatever term this server has learnt of since, and a new life does
    // not know what the old one promised.
    const bool promised = contact_ && contact_->first != candidate &&
                          now_ - contact_->second < config_->election_ticks_min;
    return now_ >= config_->election_ticks_min && !promised;
  }
  return !leader_ || leader_ == candidate || elapsed() >= config_->election_ticks_min;
}

// One vote a term (Raft §5.2). None from a server whose disk lost what it had acknowledged: others
// may count on its saying no.
bool Node::may_vote_for(NodeId candidate) const {
  if (is_shortened()) return false;
#ifdef SEAWORTHY_BROKEN
  if (config_->broken == Broken::VotesTwice) return true;  // Whomever it voted for before.
#endif
  return !hard_state_.vote || hard_state_.vote == candidate || MUTANT(VotesForEveryCandidate);
}

// Who lacks an entry that we have must not lead: it may be committed (Raft §5.4.1).
bool Node::is_up_to_date(EntryId last) const {
#ifdef SEAWORTHY_BROKEN
  if (config_->broken == Broken::StaleVoteCheck) return true;  // However short its log.
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
      request.term > term() && is_up_to_date(request.last) && may_help(from) && !is_shortened();
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
  if (pre_candidate->votes.won(quorum())) become_candidate(false, out);
}

void Node::on(NodeId from, const RequestVote& request, Effects& out) {
  const bool granted = request.term == term() && may_vote_for(from) &&
                       is_up_to_date(request.last) && (request.transfer || may_help(from));
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
  candidate->votes.grant(again ? quorum().voters().back() : from);
  become_leader_if_elected(out);
}

// A candidate's vote for itself counts when it is on disk, like everybody else's.
void Node::become_leader_if_elected(Effects& out) {
  const auto* candidate = std::get_if<Candidate>(&role_);
  if (candidate == nullptr) return;
  if (hard_state_step_ > durable_step_ && !MUTANT(OwnVoteCountsBeforeItsSync)) return;
  if (candidate->votes.won(quorum())) become_leader(out);
}

void Node::become_leader(Effects& out) {
  const EntryId noop{term(), log_.last().index.next()};
  leader_ = config_->self;
  Leader& leadership =
      *role_.emplace<Box<Leader>>(std::in_place, config_, term(), noop.index, now_);
  leadership.reconfigure(membership_, log_);
  if (snapshot_) leadership.offer(Leader::Offer{snapshot_->last, snapshot_total_});
  append({noop, EntryKind::Noop, nullptr}, out);
  leadership.replicate(log_, out);
}

}  // namespace raft
