// SPDX-License-Identifier: Apache-2.0
#include "raft/node.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/check.h"
#include "mutant/mutant.h"

namespace raft {

namespace {

// No election comes this far; so counting on from a term that passed this check never wraps.
constexpr Term kLastTerm(std::uint64_t{1} << 62);

Term term_of(const Message& message) {
  return std::visit([](const auto& m) { return m.term; }, message);
}

// The term of a message is a term that some server has entered, except for the one that a pre-vote
// asks about: nobody may be there yet, and asking moves nobody (thesis §9.6).
bool speaks_of_entered_term(const Message& message) {
  if (std::holds_alternative<PreVote>(message)) return MUTANT(PreVoteRaisesTheTerm);
  const PreVoteReply* reply = std::get_if<PreVoteReply>(&message);
  return reply == nullptr || !reply->granted;
}

base::Prng own_prng(const Config& config) {
  return base::Prng(base::Prng(config.seed).next() ^ base::Prng(config.self.value).next());
}

}  // namespace

Node::Node(Config config, HardState hard_state, std::vector<Entry> recovered_log)
    : config_(std::move(config)),
      prng_(own_prng(config_)),
      hard_state_(hard_state),
      log_(std::move(recovered_log)) {
  const std::set<NodeId> voters(config_.voters.begin(), config_.voters.end());
  CHECK(voters.size() == config_.voters.size(), voters.size(), config_.voters.size());
  CHECK(voters.size() <= kMaxVoters, voters.size());
  CHECK(voters.contains(config_.self), config_.self);
  CHECK(0 < config_.heartbeat_ticks);
  CHECK(config_.heartbeat_ticks < config_.election_ticks_min, config_.heartbeat_ticks);
  CHECK(config_.election_ticks_min <= config_.election_ticks_max, config_.election_ticks_min);
  CHECK(0 < config_.max_inflight_messages);
  CHECK(log_.last().term <= hard_state_.term, log_.last().term, hard_state_.term);
  reset_election_timer();
}

Role Node::role() const {
  static_assert(std::variant_size_v<decltype(role_)> == 4);
  return static_cast<Role>(role_.index());  // Both list the roles in the same order.
}

const Votes* Node::find_votes() const {
  if (const auto* pre_candidate = std::get_if<PreCandidate>(&role_)) return &pre_candidate->votes;
  const auto* candidate = std::get_if<Candidate>(&role_);
  return candidate == nullptr ? nullptr : &candidate->votes;
}

Effects Node::step(const Input& input) {
  Effects out;
  std::visit([this, &out](const auto& i) { on(i, out); }, input);
  out.step = step_;
  return out;
}

void Node::on(const Tick& /*tick*/, Effects& out) {
  now_ += 1;
  if (Leader* leadership = std::get_if<Leader>(&role_)) {
    on_leader_tick(*leadership, out);
  } else if (elapsed() >= election_timeout_) {
    become_pre_candidate(out);
  } else if (elapsed() % config_.heartbeat_ticks == 0) {
    ask_for_votes(out);  // Raft §5.1: who gets no answer asks again.
  }
}

void Node::on_leader_tick(Leader& leadership, Effects& out) {
  if (!leadership.hears_majority(now_)) {
    become_follower(term(), out);  // Others may lead by now (thesis §6.2).
    if (MUTANT(ResigningLeaderForgetsItsVote)) hard_state_.vote.reset();
  } else if (elapsed() >= config_.heartbeat_ticks) {
    timer_started_ = now_;
    leadership.heartbeat(log_, out.send_now);
  }
}

void Node::on(const Receive& receive, Effects& out) {
  const Term message_term = term_of(receive.message);
  if (!is_peer(receive.from) || message_term > kLastTerm) return;
  // Raft §5.1: whoever learns of a newer term enters it as a follower.
  if (message_term > term() && speaks_of_entered_term(receive.message)) {
    become_follower(message_term, out);
  }
  std::visit([this, &receive, &out](const auto& m) { on(receive.from, m, out); }, receive.message);
}

void Node::on(const Propose& propose, Effects& out) {
  Leader* leadership = std::get_if<Leader>(&role_);
  if (leadership == nullptr) {
    out.proposed = Refused{Refused::Reason::NotLeader};
    return;
  }
  std::uint64_t bytes = log_.uncommitted_bytes();
  for (const Payload& command : propose.commands) bytes += weight_bytes(command);
  if (log_.uncommitted_bytes() > 0 && bytes > config_.max_uncommitted_bytes) {
    out.proposed = Refused{Refused::Reason::Overloaded};
    return;
  }
  out.proposed = Accepted{{term(), log_.last().index.next()}, propose.commands.size()};
  for (const Payload& command : propose.commands) {
    append({{term(), log_.last().index.next()}, EntryKind::Command, command}, out);
  }
  leadership->replicate(log_, out.send_now);
}

void Node::on(const Read& read, Effects& out) {
  Leader* leadership = std::get_if<Leader>(&role_);
  if (leadership == nullptr || !leadership->read(read.id, log_, out.send_now)) {
    out.unreadable.push_back(read.id);
    return;
  }
  leadership->answer_reads(log_, out);  // Alone, a server needs nobody's answer.
}

void Node::on(const Persisted& persisted, Effects& out) {
  const StepNumber step = persisted.receipt.step();
  CHECK(step <= step_, step, step_);
  durable_step_ = std::max(durable_step_, step);
  log_.on_persisted(step);
  if (Leader* leadership = std::get_if<Leader>(&role_)) {
    advance(*leadership, out);
  } else {
    become_leader_if_elected(out);
  }
}

void Node::become_follower(Term entered, Effects& out) {
  if (Leader* leadership = std::get_if<Leader>(&role_)) {
    const bool loses = MUTANT(ResigningLeaderLosesItsReads) && entered == term();
    if (!loses) out.unreadable = leadership->drain_reads();
    reset_election_timer();
  }
  if (entered > term()) save({entered, MUTANT(VoteOutlivesItsTerm) ? vote() : std::nullopt}, out);
  if (MUTANT(ForgetsItsVoteWhenDeposed)) hard_state_.vote.reset();
  role_ = Follower{};
  leader_.reset();
}

void Node::reset_election_timer() {
  timer_started_ = now_;
  election_timeout_ = prng_.between(config_.election_ticks_min, config_.election_ticks_max);
}

StepNumber Node::open_record(Effects& out) {
  if (!out.must_sync()) step_ = step_.next();
  return step_;
}

void Node::save(HardState hard_state, Effects& out) {
  CHECK(hard_state_.term <= hard_state.term, hard_state_.term, hard_state.term);
  const StepNumber step = open_record(out);
  const bool waits = hard_state.term > term() || !MUTANT(VoteInAKnownTermIsNotAwaited);
  if (waits) hard_state_step_ = step;
  hard_state_ = hard_state;
  out.save = hard_state;
}

void Node::append(const Entry& entry, Effects& out) {
  log_.append(entry, open_record(out));
  out.append.push_back(entry);
}

// Sends what is true only once the step `needs` is on disk.
void Node::promise(StepNumber needs, const Envelope& envelope, Effects& out) const {
  if (needs <= durable_step_) {
    out.send_now.push_back(envelope);
  } else {
    out.send_durable.emplace_back(needs, envelope);
  }
}

bool Node::is_peer(NodeId id) const {
  return id != config_.self && std::ranges::find(config_.voters, id) != config_.voters.end();
}

void Node::check_invariants() const {
  const base::CheckContext context("node " + std::to_string(config_.self.value) + ", term " +
                                   std::to_string(term().value()));
  log_.check_invariants();
  CHECK(log_.last().term <= term(), log_.last().term);
  CHECK(durable_step_ <= step_, durable_step_, step_);
  CHECK(hard_state_step_ <= step_, hard_state_step_, step_);
  CHECK((role() == Role::Leader) == (leader_ == config_.self));
  CHECK(role() != Role::PreCandidate || !leader_);
  if (role() == Role::Candidate || role() == Role::Leader) {
    CHECK(hard_state_.vote == config_.self);
  }
  if (role() == Role::Candidate) CHECK(!leader_);
  if (const Leader* leadership = find_leadership()) {
    CHECK(hard_state_step_ <= durable_step_, hard_state_step_, durable_step_);
    leadership->check_invariants(log_);
  }
}

}  // namespace raft
