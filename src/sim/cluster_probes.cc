// SPDX-License-Identifier: Apache-2.0
// Rare situations, recognised by what a server was, was given, and became.
#include "session/command.h"
#include "sim/cluster.h"

namespace sim {

namespace {

bool leads(const raft::Node& node) { return node.role() == raft::Role::Leader; }

void probe_role(const Before& was, const raft::Node& node, Coverage& coverage) {
  const bool led = was.role == raft::Role::Leader;
  const bool resigned = led && node.term() == was.term && !leads(node);
  if (resigned && !node.quorum().contains(node.id())) return coverage.hit(Probe::LeaderRemoved);
  if (led && node.term() > was.term) coverage.hit(Probe::LeaderDeposedByTerm);
  if (resigned) coverage.hit(Probe::LeaderLostMajority);
  if (was.role == raft::Role::Candidate && node.role() == raft::Role::PreCandidate) {
    coverage.hit(Probe::ElectionSplit);
  }
}

void probe_log(const Before& was, const raft::Node& node, Coverage& coverage) {
  if (was.last.index < node.log().base().index || was.commit < node.log().base().index) return;
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
  if (was.configured != node.configuration_index()) probe_configuration(was, node);
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
  for (const raft::NodeId voter : node.quorum().voters()) {
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
  const bool asks = std::holds_alternative<raft::PreVote>(message) ||
                    std::holds_alternative<raft::RequestVote>(message);
  if (asks && node.configuration().find(from) == nullptr) {
    coverage_.hit(Probe::RemovedAsksForVotes);
  }
  const auto* chunk = std::get_if<raft::SnapshotChunk>(&message);
  if (chunk != nullptr && chunk->offset > 0) coverage_.hit(Probe::SnapshotInChunks);
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
    if (append->previous.index < node.log().base().index) return;
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
  const raft::Progress* progress = leading->find_progress(from);
  if (!reply->success && reply->hint.index.value() + 1 < reply->previous.value() &&
      progress != nullptr && progress->next() <= reply->previous) {
    coverage_.hit(Probe::HintSkipped);
  }
  const raft::LogIndex stored = leading->majority_match(node.log().persisted());
  if (stored > node.commit()) coverage_.hit(Probe::OldTermWaited);
}

void Cluster::probe_answer(const Server& server, const Answer& answer) {
  switch (answer.ending) {
    case Ending::Done:
      if (answer.function == Function::Read && !leads(server.replica->node())) {
        coverage_.hit(Probe::FollowerRead);
      }
      if (answer.function == Function::Read && !answer.waited && setup_.lease > 0 &&
          server.replica->node().quorum().voters().size() > 1) {
        coverage_.hit(Probe::LeaseRead);
      }
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

void Cluster::probe_configuration(const Before& was, const raft::Node& node) {
  const raft::Configuration& now = node.configuration();
  if (now.is_joint() && !was.joint) coverage_.hit(Probe::JointEntered);
  if (!now.is_joint() && was.joint) coverage_.hit(Probe::JointLeft);
  if (node.configuration_index() < was.configured) coverage_.hit(Probe::ConfigurationCutOff);
  if (was.member && !was.voter && now.has_voter(node.id())) coverage_.hit(Probe::LearnerPromoted);
  const bool joined = !was.member && now.find(node.id()) != nullptr;
  if (joined && node.id().value > setup_.nodes) coverage_.hit(Probe::SpareJoined);
}

Cluster::Housekeeping Cluster::housekeeping(const Server& server) {
  const auto& newest = server.replica->snapshot();
  return {server.disk.made(), newest ? newest->meta.last.index : raft::LogIndex(),
          server.replica->node().log().base().index,
          server.replica->snapshot_failure().has_value()};
}

// What a server did at the end of its turn.
void Cluster::probe_housekeeping(Server& server, const Housekeeping& was) {
  const Housekeeping now = housekeeping(server);
  if (now.snapshot > was.snapshot) {
    coverage_.hit(Probe::SnapshotTaken);
  } else if (now.files > was.files) {
    coverage_.hit(Probe::SegmentBegun);
  }
  if (now.base > was.base) coverage_.hit(Probe::LogCompacted);
  if (now.failed && !was.failed) coverage_.hit(Probe::SnapshotFailed);
  const session::Table* table = server.machine->find_table();
  if (table == nullptr || table->expired() == server.expired) return;
  coverage_.add(Probe::SessionExpired, table->expired() - server.expired);
  server.expired = table->expired();
}

// A numbered command that the clients know to have been applied at another index.
void Cluster::probe_applied(const raft::Entry& entry) {
  if (setup_.sessions == 0 || entry.kind != raft::EntryKind::Command) return;
  const base::Result<session::Command> decoded = session::decode(*entry.payload);
  if (!decoded.ok()) return;
  const auto* numbered = std::get_if<session::Numbered>(&decoded.value());
  if (numbered == nullptr) return;
  const std::uint64_t applied = clients_.applied_at(numbered->command);
  if (applied != 0 && applied < entry.id.index.value()) coverage_.hit(Probe::RepeatRecognised);
}

}  // namespace sim
