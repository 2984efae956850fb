// SPDX-License-Identifier: Apache-2.0
// Rare situations, recognised by what a server was, was given, and became.
#include "sim/cluster.h"

namespace sim {

namespace {

bool leads(const raft::Node& node) { return node.role() == raft::Role::Leader; }

void probe_role(const Before& was, const raft::Node& node, Coverage& coverage) {
  const bool led = was.role == raft::Role::Leader;
  const bool resigned = led && node.term() == was.term && !leads(node);
  if (led && node.term() > was.term) coverage.hit(Probe::LeaderDeposedByTerm);
  if (resigned) coverage.hit(Probe::LeaderLostMajority);
  if (was.role == raft::Role::Candidate && node.role() == raft::Role::PreCandidate) {
    coverage.hit(Probe::ElectionSplit);
  }
}

void probe_log(const Before& was, const raft::Node& node, Coverage& coverage) {
  if (node.log().find_id(was.last.index) != was.last) {
    coverage.hit(Probe::SuffixTruncated);
    if (was.persisted < was.last.index) coverage.hit(Probe::UnsyncedTruncated);
  }
  if (leads(node) && node.commit() > was.commit &&
      node.log().at(was.commit.next()).id.term < node.term()) {
    coverage.hit(Probe::OldTermCommitted);
  }
}

void probe_pre_vote(const raft::Node& node, raft::NodeId from, const raft::PreVote& request,
                    Coverage& coverage) {
  if (request.term <= node.term()) return;
  if (request.last < node.last()) {
    coverage.hit(Probe::PreVoteRefusedStaleLog);
  } else if (node.leader() && node.leader() != from) {
    coverage.hit(Probe::PreVoteRefusedByLeader);
  }
}

}  // namespace

void Cluster::probe_input(const Before& was, const raft::Node& node) {
  probe_role(was, node, coverage_);
  probe_log(was, node, coverage_);
  if (!leads(node) || (was.role == raft::Role::Leader && was.term == node.term())) return;
  coverage_.hit(Probe::LeaderElected);
  for (const auto& other : servers_) {
    if (other->replica && other->config.raft.self != node.id() && leads(other->replica->node())) {
      coverage_.hit(Probe::TwoLeadersAtOnce);
    }
  }
}

// Of a leader that was asked for something.
void Cluster::probe_proposal(const raft::Node& node) {
  const raft::Leader* leading = node.find_leadership();
  if (leading == nullptr) return;
  for (const raft::NodeId voter : node.config().voters) {
    if (voter == node.id()) continue;
    const raft::Progress& progress = leading->progress(voter);
    if (progress.mode() == raft::Progress::Mode::Pipeline && !progress.may_send() &&
        progress.next() <= node.last().index) {
      coverage_.hit(Probe::WindowFull);
    }
  }
  for (std::size_t i = 1; i < outbox_.size(); ++i) {
    if (outbox_[i].to == outbox_[i - 1].to) coverage_.hit(Probe::AppendSplit);
  }
}

// What it says by itself, before the server has seen it.
void Cluster::probe_request(const raft::Node& node, raft::NodeId from,
                            const raft::Message& message) {
  const raft::Node* sender = is_up(from) ? &server(from).replica->node() : nullptr;
  const raft::Term term = std::visit([](const auto& m) { return m.term; }, message);
  if (sender != nullptr && term < sender->term()) coverage_.hit(Probe::MessageLate);
  if (const auto* asking = std::get_if<raft::PreVote>(&message)) {
    probe_pre_vote(node, from, *asking, coverage_);
  } else if (const auto* request = std::get_if<raft::RequestVote>(&message)) {
    if (request->term < node.term()) return;
    if (request->last < node.last()) {
      coverage_.hit(Probe::VoteRefusedStaleLog);
    } else if (request->term == node.term() && node.vote() && node.vote() != from) {
      coverage_.hit(Probe::VoteRefusedOtherVote);
      const std::uint32_t life = judges_.vote_life(node.id(), node.term());
      if (life != 0 && life < judges_.life(node.id())) coverage_.hit(Probe::VoteKeptOverRestart);
    }
  }
}

void Cluster::probe_message(const Before& was, const Server& server, const raft::NodeId& from,
                            const raft::Message& message) {
  const raft::Node& node = server.replica->node();
  if (const auto* append = std::get_if<raft::AppendEntries>(&message)) {
    if (append->term < was.term) return coverage_.hit(Probe::AppendRefusedOldTerm);
    if (was.role == raft::Role::Candidate && was.term == append->term) {
      coverage_.hit(Probe::CandidateYielded);
    }
    const std::uint64_t end = append->previous.index.value() + append->entries.size();
    if (!node.log().contains(append->previous)) {
      coverage_.hit(Probe::AppendRefused);
    } else if (!append->entries.empty() && end < was.last.index.value() &&
               node.last() == was.last) {
      coverage_.hit(Probe::OldAppendIgnored);
    }
    return;
  }
  const auto* reply = std::get_if<raft::AppendReply>(&message);
  const raft::Leader* leading = node.find_leadership();
  if (reply == nullptr || leading == nullptr || reply->term != node.term()) return;
  if (!reply->success && reply->hint.index.value() + 1 < reply->previous.value() &&
      leading->progress(from).next() <= reply->previous) {
    coverage_.hit(Probe::HintSkipped);
  }
  const raft::LogIndex stored = leading->majority_match(node.log().persisted());
  if (stored > node.commit()) coverage_.hit(Probe::OldTermWaited);
}

void Cluster::probe_answer(const Server& server, const Answer& answer) {
  switch (answer.ending) {
    case Ending::Done:
      break;
    case Ending::Mismatch:
      coverage_.hit(Probe::CasMismatch);
      break;
    case Ending::Refused:
      if (answer.function == Function::Read && server.replica && answer.waited) {
        coverage_.hit(Probe::ReadAfterDeposition);
      }
      break;
    case Ending::Overloaded:
      coverage_.hit(Probe::Overloaded);
      break;
    case Ending::Unknown:
      coverage_.hit(Probe::WriteUnknown);
      break;
  }
}

}  // namespace sim
