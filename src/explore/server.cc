// SPDX-License-Identifier: Apache-2.0
#include "explore/server.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/check.h"
#include "raft/describe.h"

namespace explore {

using raft::EntryId;
using raft::NodeId;
using raft::Role;

namespace {

// More than all heartbeats of an exploration: a leader steps down when the explorer lets it time
// out, and never in between.
constexpr std::uint32_t kElectionTicks = std::numeric_limits<std::uint8_t>::max() + 2;

std::string name(NodeId id) { return "n" + std::to_string(id.value); }
std::string text(raft::Term term) { return "term " + std::to_string(term.value()); }

void note(Outcome& out, std::optional<Violation> violation) {
  if (!out.violation) out.violation = std::move(violation);
}

// What only one server's step shows: terms and commits never go back, entries are applied one by
// one, a leader only appends (Raft Figure 3).
std::optional<Violation> judge_step(const raft::Node& before, const raft::Node& after,
                                    const raft::Effects& effects) {
  const std::string who = name(after.id());
  if (after.term() < before.term()) {
    return Violation{"terms",
                     who + " went from " + text(before.term()) + " back to " + text(after.term())};
  }
  if (after.commit() < before.commit()) return Violation{"applied", who + "'s commit went back"};
  if (before.role() == Role::Leader && after.role() == Role::Leader && effects.truncate_from) {
    return Violation{"leader-append-only", who + " leads and cuts its own log"};
  }
  raft::LogIndex applied = before.commit();
  for (const raft::Entry& entry : effects.apply) {
    if (entry.id.index != applied.next()) {
      return Violation{"applied", who + " applies " + raft::describe(entry) + " out of turn"};
    }
    applied = entry.id.index;
  }
  if (applied != after.commit()) {
    return Violation{"applied", who + " did not apply all that it calls committed"};
  }
  return std::nullopt;
}

// The last entry that `message` speaks of: what a success says is on disk.
raft::LogIndex end_of(const raft::Message& message) {
  const auto* append = std::get_if<raft::AppendEntries>(&message);
  if (append == nullptr) return {};
  return append->previous.index.plus(append->entries.size());
}

}  // namespace

raft::Term term_of(const Flight& flight) {
  return std::visit([](const auto& message) { return message.term; }, flight.message);
}

bool lose_lowest(const Bounds& bounds, std::vector<Flight>& flights) {
  while (flights.size() > bounds.flights) {
    const raft::Term lowest = term_of(std::ranges::min(flights, {}, term_of));
    if (lowest == term_of(std::ranges::max(flights, {}, term_of))) return false;
    std::erase_if(flights, [lowest](const Flight& flight) { return term_of(flight) == lowest; });
  }
  return true;
}

raft::Config Server::make_config(std::uint32_t nodes, NodeId self) {
  raft::Config config;
  config.self = self;
  std::vector<NodeId> voters;
  for (std::uint32_t id = 1; id <= nodes; ++id) voters.push_back({id});
  config.initial = raft::configuration_of(voters);
  config.heartbeat_ticks = 1;
  config.election_ticks_min = kElectionTicks;
  config.election_ticks_max = kElectionTicks;
  config.max_append_bytes = 1;  // One entry a message: the most orders that messages can have.
  return config;
}

Server::Server(const raft::Config& config, Disks disks) : node_(config, {}), disks_(disks) {}

void Server::time_out(Outcome& out) {
  // A leader that hears nobody steps down first, and times out then. What it says meanwhile is
  // lost.
  for (std::uint32_t tick = 0; tick <= 2 * kElectionTicks; ++tick) {
    if (node_.role() == Role::PreCandidate) break;
    const raft::Effects effects = node_.step(raft::Tick{});
    CHECK(!effects.must_sync(), node_.id());
    if (node_.role() != Role::PreCandidate) continue;
    for (const raft::Envelope& envelope : effects.send_now) {
      out.asked.push_back({node_.id(), envelope.to, envelope.message});
    }
  }
  CHECK(node_.role() == Role::PreCandidate, node_.id());
  for (const Flight& question : out.asked) {
    if (node_.role() != Role::PreCandidate) return;
    const raft::Term term = std::get<raft::PreVote>(question.message).term;
    act(raft::Receive{question.to, raft::PreVoteReply{term, true}}, {}, out);
  }
}

void Server::heartbeat(Outcome& out) {
  if (node_.role() == Role::Leader) act(raft::Tick{}, {}, out);
}

void Server::receive(const Flight& flight, Outcome& out) {
  raft::EntryId vouched;
  vouched.index = end_of(flight.message);
  raft::Message message = flight.message;
  // Whether this server still hears its leader, and so does not help, is a question of time.
  if (auto* request = std::get_if<raft::RequestVote>(&message)) request->transfer = true;
  act(raft::Receive{flight.from, std::move(message)}, vouched, out);
}

void Server::propose(const raft::Payload& command, Outcome& out) {
  if (node_.role() == Role::Leader) act(raft::Propose{{command}}, {}, out);
}

void Server::sync(Outcome& out) {
  if (unsynced_.empty()) return;
  const raft::Receipt receipt(unsynced_.back().step);
  for (const Record& record : std::exchange(unsynced_, {})) write(record);
  std::vector<Waiting> open;
  for (const Waiting& waiting : std::exchange(waiting_, {})) {
    (waiting.held.opens_for(receipt) ? open : waiting_).push_back(waiting);
  }
  for (const Waiting& waiting : open) send(waiting.held.open(receipt), waiting.vouched, out);
  step(raft::Persisted{receipt}, {}, out);
}

void Server::crash(std::size_t kept) {
  CHECK(kept <= unsynced_.size(), kept, unsynced_.size());
  for (std::size_t i = 0; i < kept; ++i) write(unsynced_[i]);
  unsynced_.clear();
  waiting_.clear();
  if (disks_ == Disks::Forgetful) {
    hard_state_ = {};
    log_.clear();
  }
  raft::Recovered recovered;
  recovered.hard_state = hard_state_;
  recovered.entries = log_;
  const raft::Node restarted(node_.config(), std::move(recovered));
  node_ = restarted;
}

bool Server::grants(const Flight& pre_vote) const {
  raft::Node node = node_;
  // Its own timer is longer than the shortest one, after which it answers like this. The core has
  // no other memory of having waited: so let it time out, which changes nothing but that.
  if (node.role() == Role::Follower && node.leader()) {
    for (std::uint32_t tick = 0; tick < kElectionTicks; ++tick) {
      const raft::Effects effects = node.step(raft::Tick{});
      CHECK(!effects.must_sync(), node.id());
    }
  }
  const raft::Effects effects = node.step(raft::Receive{pre_vote.from, pre_vote.message});
  return std::ranges::any_of(effects.send_now, [](const raft::Envelope& envelope) {
    const auto* reply = std::get_if<raft::PreVoteReply>(&envelope.message);
    return reply != nullptr && reply->granted;
  });
}

const raft::Envelope& Server::open(const Waiting& waiting) {
  return waiting.held.open(raft::Receipt(waiting.held.step()));
}

void Server::act(const raft::Input& input, EntryId vouched, Outcome& out) {
  step(input, vouched, out);
  while (disks_ != Disks::Slow && !unsynced_.empty()) sync(out);
}

void Server::step(const raft::Input& input, EntryId vouched, Outcome& out) {
  const raft::Node before = node_;
  raft::Effects effects = node_.step(input);
  note(out, judge_step(before, node_, effects));
  if (out.violation) return;  // Broken already: an invariant may well be.
  node_.check_invariants();

  out.appended = out.appended || !effects.append.empty();
  out.leads_anew =
      out.leads_anew || (node_.role() == Role::Leader &&
                         (before.role() != Role::Leader || before.term() != node_.term()));
  out.applied.insert(out.applied.end(), effects.apply.begin(), effects.apply.end());
  vouched.term = node_.log().find_id(vouched.index).value_or(EntryId()).term;
  if (effects.must_sync()) {
    unsynced_.push_back(
        {effects.step, effects.save, effects.truncate_from, std::move(effects.append)});
  }
  for (const raft::Envelope& envelope : effects.send_now) send(envelope, vouched, out);
  for (raft::Held<raft::Envelope>& held : effects.send_durable) {
    waiting_.push_back({std::move(held), vouched});
  }
}

void Server::write(const Record& record) {
  if (record.save) hard_state_ = *record.save;
  if (record.truncate_from) {
    log_.resize(static_cast<std::size_t>(record.truncate_from->value() - 1));
  }
  log_.insert(log_.end(), record.append.begin(), record.append.end());
}

void Server::send(const raft::Envelope& envelope, EntryId vouched, Outcome& out) {
  std::optional<Ballot> ballot;
  if (const auto* request = std::get_if<raft::RequestVote>(&envelope.message)) {
    ballot = Ballot{request->term, node_.id()};  // To ask is to have voted for oneself.
  }
  if (const auto* reply = std::get_if<raft::VoteReply>(&envelope.message)) {
    if (reply->granted) ballot = Ballot{reply->term, envelope.to};
  }
  if (ballot) {
    note(out, judge_ballot(*ballot));
    if (!ballot_ || ballot_->term < ballot->term) ballot_ = ballot;
  }
  if (const auto* reply = std::get_if<raft::AppendReply>(&envelope.message)) {
    if (reply->success && reply->match() == vouched.index) {
      note(out, judge_acknowledgement(reply->term, vouched));
    }
  }
  out.sent.push_back({node_.id(), envelope.to, envelope.message});
}

// One vote a term, over crashes too (Raft §5.2), and none that a crash could take back.
std::optional<Violation> Server::judge_ballot(const Ballot& ballot) const {
  const std::string vote =
      name(node_.id()) + "'s vote for " + name(ballot.candidate) + " in " + text(ballot.term);
  if (ballot_ && ballot_->term == ballot.term && ballot_->candidate != ballot.candidate) {
    return Violation{"one-vote", vote + " follows one for " + name(ballot_->candidate)};
  }
  const bool durable = hard_state_.term > ballot.term ||
                       (hard_state_.term == ballot.term && hard_state_.vote == ballot.candidate);
  if (!durable) return Violation{"durable-ack", vote + " leaves before it is on disk"};
  return std::nullopt;
}

// What a success says is stored may be gone again only because a later leader said so.
std::optional<Violation> Server::judge_acknowledgement(raft::Term term, EntryId vouched) const {
  if (vouched.index == raft::LogIndex() || hard_state_.term > term) return std::nullopt;
  const bool durable = vouched.index.value() <= log_.size() &&
                       log_[static_cast<std::size_t>(vouched.index.value() - 1)].id == vouched;
  if (durable) return std::nullopt;
  return Violation{"durable-ack", name(node_.id()) + " acknowledges " + raft::describe(vouched) +
                                      " before it is on disk"};
}

}  // namespace explore
