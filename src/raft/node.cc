// SPDX-License-Identifier: Apache-2.0
#include "raft/node.h"

#include <algorithm>
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

void check(const Config& config) {
  CHECK(config.self != NodeId{});
  if (!config.initial.empty()) {
    const base::Status valid = validate(config.initial);
    CHECK(valid.ok(), valid.error().message);
  }
  CHECK(0 < config.heartbeat_ticks);
  CHECK(config.heartbeat_ticks < config.election_ticks_min, config.heartbeat_ticks);
  CHECK(config.election_ticks_min <= config.election_ticks_max, config.election_ticks_min);
  CHECK(0 < config.max_inflight_messages);
  CHECK(0 < config.max_inflight_bytes);
  CHECK(0 < config.snapshot_chunk_bytes);
}

// The configuration of a Config is not copied: groups that do nothing should cost next to nothing.
Membership start_of(const std::shared_ptr<const Config>& config, const Recovered& recovered) {
  if (recovered.snapshot) {
    return {recovered.snapshot->configuration, recovered.snapshot->last.index};
  }
  return {std::shared_ptr<const Configuration>(config, &config->initial), {}};
}

}  // namespace

Node::Node(Config config, Recovered recovered)
    : config_(std::make_shared<const Config>(std::move(config))),
      prng_(own_prng(*config_)),
      hard_state_(recovered.hard_state),
      log_(std::move(recovered.entries), recovered.base),
      membership_(start_of(config_, recovered)),
      snapshot_(recovered.snapshot ? std::make_shared<const SnapshotMeta>(*recovered.snapshot)
                                   : nullptr),
      snapshot_total_(recovered.snapshot_total),
      floor_(recovered.floor) {
  check(*config_);
  // Late answers to a former life's questions must not fit this life's (hazard D3).
  asked_reads_.context = base::Prng(config_->life).next();
  // A snapshot is durable before the log knows of it. A Replica makes the term durable before that;
  // of others who own a Node it is not asked. No vote was given in that term: it would have been
  // saved with it.
  if (snapshot_ && snapshot_->last.term > hard_state_.term) {
    hard_state_ = {snapshot_->last.term, std::nullopt};
  }
  CHECK(log_.last().term <= hard_state_.term, log_.last().term, hard_state_.term);
  const LogIndex covered = snapshot_ ? snapshot_->last.index : LogIndex();
  CHECK(log_.base().index <= covered, log_.base().index, covered);
  CHECK(!snapshot_ || log_.contains(snapshot_->last), covered, log_.last().index);
  log_.start_from(covered);
  for (LogIndex i = covered.next(); i <= log_.last().index; i = i.next()) {
    const Entry& entry = log_.at(i);
    if (entry.kind != EntryKind::Configuration) continue;
    base::Result<Configuration> configuration = decode_configuration(*entry.payload);
    CHECK(configuration.ok(), i);  // It was looked at before it was stored.
    membership_.append(i, std::move(configuration).value());
  }
  look_at_floor();
  reset_election_timer();
}

Role Node::role() const {
  static_assert(std::variant_size_v<decltype(role_)> == 4);
  return static_cast<Role>(role_.index());  // Both list the roles in the same order.
}

Leader* Node::find_own_leadership() {
  auto* leadership = std::get_if<Box<Leader>>(&role_);
  return leadership == nullptr ? nullptr : &**leadership;
}

Votes* Node::find_own_votes() {
  if (auto* pre_candidate = std::get_if<PreCandidate>(&role_)) return &pre_candidate->votes;
  auto* candidate = std::get_if<Candidate>(&role_);
  return candidate == nullptr ? nullptr : &candidate->votes;
}

const Votes* Node::find_votes() const {
  if (const auto* pre_candidate = std::get_if<PreCandidate>(&role_)) return &pre_candidate->votes;
  const auto* candidate = std::get_if<Candidate>(&role_);
  return candidate == nullptr ? nullptr : &candidate->votes;
}

Effects Node::step(const Input& input) {
  Effects out;
  step(input, out);
  return out;
}

void Node::step(const Input& input, Effects& out) {
  out.clear();
  if (storage_failed_) {
    refuse(input, out);
  } else {
    std::visit([this, &out](const auto& i) { on(i, out); }, input);
    if (log_.compact_some()) membership_.compact_through(log_.base().index);
  }
  out.step = step_;
}

void Node::on(const Tick& tick, Effects& out) {
  now_ += 1;
  if (Leader* leadership = find_own_leadership()) {
    if (!MUTANT(MissedTicksDoNotCount)) leadership->on_missed(tick.missed);
    return on_leader_tick(*leadership, out);
  }
  on_asked_reads_tick(out);
  if (elapsed() >= election_timeout_) {
    become_pre_candidate(out);
  } else {
    ask_for_votes(out);  // Raft §5.1: who gets no answer asks again, whatever else came meanwhile.
  }
}

std::uint64_t Node::quiet_ticks() const {
  if (const auto* leadership = std::get_if<Box<Leader>>(&role_)) {
    return (*leadership)->quiet_ticks();
  }
  if (role() != Role::Follower || !asked_reads_.asked.empty()) return 0;
  const std::uint64_t due = timer_started_ + election_timeout_;
  return due > now_ ? due - now_ - 1 : 0;
}

void Node::on_leader_tick(Leader& leadership, Effects& out) {
  leadership.set_now(now_);
  if (leadership.hears_majority()) return leadership.on_tick(log_, out);
  become_follower(term(), out);  // Others may lead by now (thesis §6.2).
  if (MUTANT(ResigningLeaderForgetsItsVote)) hard_state_.vote.reset();
}

void Node::on(const Receive& receive, Effects& out) {
  const Term message_term = term_of(receive.message);
  if (receive.from == config_->self || message_term > kLastTerm) return;
  const auto* request = std::get_if<RequestVote>(&receive.message);
  const bool disturbs = request != nullptr && !request->transfer && !may_help(receive.from) &&
                        !MUTANT(OnlyPreVotesAreSticky);
  // Raft §5.1: whoever learns of a newer term enters it as a follower. But a server that was
  // removed, or that some of us cannot hear, does not depose a leader that the rest hears (thesis
  // §4.2.3).
  if (message_term > term() && speaks_of_entered_term(receive.message) && !disturbs) {
    become_follower(message_term, out);
  }
  std::visit([this, &receive, &out](const auto& m) { on(receive.from, m, out); }, receive.message);
}

void Node::on(const Propose& propose, Effects& out) {
  Leader* leadership = find_own_leadership();
  if (leadership == nullptr) {
    out.proposed = Refused{Refused::Reason::NotLeader};
    return;
  }
  if (leadership->successor() && !MUTANT(ProposalsGoOnDuringATransfer)) {
    out.proposed = Refused{Refused::Reason::Transferring};
    return;
  }
  std::uint64_t bytes = log_.uncommitted_bytes();
  for (const Payload& command : propose.commands) bytes += weight_bytes(command);
  const std::uint64_t entries = log_.last().index.since(log_.commit()) + propose.commands.size();
  const bool full =
      bytes > config_->max_uncommitted_bytes || entries > config_->max_uncommitted_entries;
  if (log_.uncommitted_bytes() > 0 && full) {
    out.proposed = Refused{Refused::Reason::Overloaded};
    return;
  }
  out.proposed = Accepted{{term(), log_.last().index.next()}, propose.commands.size()};
  for (const Payload& command : propose.commands) {
    append({{term(), log_.last().index.next()}, EntryKind::Command, command}, out);
  }
  leadership->replicate(log_, out);
}

void Node::on(const Persisted& persisted, Effects& out) {
  const StepNumber step = persisted.receipt.step();
  CHECK(step <= step_, step, step_);
  durable_step_ = std::max(durable_step_, step);
  log_.on_persisted(step);
  look_at_floor();
  if (Leader* leadership = find_own_leadership()) {
    advance(*leadership, out);
  } else {
    become_leader_if_elected(out);
  }
}

// Whatever waits for the disk waits for ever: this server can promise nothing any more (hazards A3,
// F16, F23).
void Node::on(const StorageFailed& /*failed*/, Effects& out) {
  become_follower(term(), out);
  give_up_asked_reads(out);
  storage_failed_ = true;
}

void Node::refuse(const Input& input, Effects& out) const {
  if (const Read* read = std::get_if<Read>(&input)) out.unreadable.push_back(read->id);
  const bool asks = std::holds_alternative<Propose>(input) ||
                    std::holds_alternative<ChangeMembership>(input) ||
                    std::holds_alternative<TransferLeadership>(input);
  if (asks) out.proposed = Refused{Refused::Reason::NotLeader};
}

void Node::become_follower(Term entered, Effects& out) {
  if (Leader* leadership = find_own_leadership()) {
    const bool loses = MUTANT(ResigningLeaderLosesItsReads) && entered == term();
    if (!loses) leadership->refuse_reads(out);
    reset_election_timer();
  }
  if (entered > term()) {
    give_up_asked_reads(out);
    save({entered, MUTANT(VoteOutlivesItsTerm) ? vote() : std::nullopt}, out);
  }
  if (MUTANT(ForgetsItsVoteWhenDeposed)) hard_state_.vote.reset();
  role_ = Follower{};
  leader_.reset();
}

// A message of this term, which only its leader sends, came from `leader`.
void Node::follow(NodeId leader, Effects& out) {
  // One leader a term (Raft §5.2). Going on would spread whatever went wrong.
  CHECK(role() != Role::Leader, config_->self, leader, term());
  CHECK(!leader_ || leader_ == leader, leader_->value, leader, term());
  if (role() != Role::Follower) become_follower(term(), out);
  leader_ = leader;
  if (config_->lease.on) contact_ = {leader, now_};
  reset_election_timer();
}

void Node::reset_election_timer() {
  timer_started_ = now_;
  election_timeout_ = prng_.between(config_->election_ticks_min, config_->election_ticks_max);
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

void Node::append(Entry entry, Effects& out) {
  log_.append(entry, open_record(out));
  out.append.push_back(std::move(entry));
}

// Sends what is true only once the step `needs` is on disk.
void Node::promise(StepNumber needs, const Envelope& envelope, Effects& out) const {
  if (needs <= durable_step_) {
    out.send_now.push_back(envelope);
  } else {
    out.send_durable.emplace_back(needs, envelope);
  }
}

// Is what was lost here again? Let e be a committed entry that this server had acknowledged, c the
// term in which it was committed thereby; so floor_ has a term of at least c, and lies at or behind
// e. What is on disk now came from leaders, of whom the last was of a term t >= floor_.term >= c.
// If t > c, that leader had e (Leader Completeness), and put its last entry here behind it; if t =
// c = floor_.term, our last entry is at or behind floor_ and so at or behind e, and both are from
// the log of one leader. Either way e is here again (Log Matching). Committed entries that it had
// not acknowledged are held by majorities without it. So from here on its vote is as good as ever.
void Node::look_at_floor() {
  if (floor_ == EntryId()) return;
  const std::optional<EntryId> durable = log_.find_id(log_.persisted());
  if (durable && *durable >= floor_) floor_ = {};
}

void Node::check_invariants() const {
  const base::CheckContext context("node " + std::to_string(config_->self.value) + ", term " +
                                   std::to_string(term().value()));
  log_.check_invariants();
  membership_.check_invariants();
  CHECK(log_.last().term <= term(), log_.last().term);
  CHECK(membership_.index() <= log_.last().index, membership_.index(), log_.last().index);
  CHECK(durable_step_ <= step_, durable_step_, step_);
  CHECK(hard_state_step_ <= step_, hard_state_step_, step_);
  CHECK((role() == Role::Leader) == (leader_ == config_->self));
  CHECK(role() != Role::PreCandidate || !leader_);
  if (role() == Role::Candidate || role() == Role::Leader) {
    CHECK(hard_state_.vote == config_->self);
    CHECK(!is_shortened());
    CHECK(!storage_failed_);
  }
  if (role() == Role::Candidate) CHECK(!leader_);
  if (const Leader* leadership = find_leadership()) {
    CHECK(hard_state_step_ <= durable_step_, hard_state_step_, durable_step_);
    leadership->check_invariants(log_);
  }
}

}  // namespace raft
