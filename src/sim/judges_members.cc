// SPDX-License-Identifier: Apache-2.0
// Who belongs to the cluster, who may lead it, and for how long: by what logs say (Raft §6, thesis
// §3.10, §4, §6.2).
#include <algorithm>
#include <utility>

#include "raft/describe.h"
#include "sim/judges.h"
#include "sim/judges_text.h"

namespace sim {

namespace {

bool has(const std::vector<raft::Member>& members, raft::NodeId id) {
  return std::ranges::find(members, id, &raft::Member::id) != members.end();
}

std::size_t count_missing(const std::vector<raft::Member>& of,
                          const std::vector<raft::Member>& from) {
  return static_cast<std::size_t>(std::ranges::count_if(
      of, [&from](const raft::Member& member) { return !has(from, member.id); }));
}

// Does `holds(id)` hold for a majority of both halves?
template <class Holds>
bool agree(const raft::Configuration& configuration, Holds holds) {
  const auto majority = [&holds](const std::vector<raft::Member>& half) {
    const auto count = std::ranges::count_if(
        half, [&holds](const raft::Member& member) { return holds(member.id); });
    return 2 * static_cast<std::size_t>(count) > half.size();
  };
  if (!majority(configuration.voters)) return false;
  return configuration.outgoing.empty() || majority(configuration.outgoing);
}

}  // namespace

Judges::Configurations Judges::first_configuration(raft::NodeId node) const {
  std::vector<raft::NodeId> first;
  for (std::uint32_t id = 1; node.value <= voters_ && id <= voters_; ++id) first.push_back({id});
  return {{0, raft::configuration_of(first)}};
}

// The entry `id` is in the log of `mine` now. `node`: it came there just now.
void Judges::enter(Server& mine, const raft::Node* node, raft::EntryId id) {
  const Fact* fact = find_fact(id);
  if (fact == nullptr || fact->kind != raft::EntryKind::Configuration) return;
  base::Result<raft::Configuration> decoded = raft::decode_configuration(*fact->payload);
  if (!decoded.ok()) return say("membership", {}, "an entry is no configuration");
  const bool own = node != nullptr && node->role() == raft::Role::Leader && node->term() == id.term;
  if (own) judge_change(*node, decoded.value());
  mine.configurations.emplace_back(id.index.value(), std::move(decoded).value());
}

// A leader begins a change, or the second half of one.
void Judges::judge_change(const raft::Node& node, const raft::Configuration& next) {
  const auto& [index, now] = server(node.id()).configurations.back();
  const auto wrong = [&](const std::string& what) { say("membership", node.id(), what); };
  if (index > node.commit().value()) {
    return wrong(text(node.id()) + " changes a configuration that is not committed");
  }
  if (node.log().find_id(node.commit())->term != node.term()) {
    return wrong(text(node.id()) + " changes the configuration before it has committed anything");
  }
  const std::size_t differ =
      count_missing(next.voters, now.voters) + count_missing(now.voters, next.voters);
  if (now.is_joint() ? next.is_joint() || differ > 0
                     : next.outgoing != (differ > 1 ? now.voters : next.outgoing)) {
    return wrong(text(node.id()) + " exchanges voters so that two majorities may not meet");
  }
  for (const raft::Member& voter : next.voters) {
    if (has(now.voters, voter.id) || has(now.learners, voter.id)) continue;
    return wrong(text(voter.id) + " is to vote and was no learner");
  }
}

// It goes by the latest configuration in its log (thesis §4.1), or by its snapshot's.
void Judges::follow_configuration(const raft::Node& node) {
  Server& mine = server(node.id());
  const auto& [index, now] = mine.configurations.back();
  const raft::LogIndex told = node.configuration_index();
  if (told == mine.told && index == mine.meant) return;
  const bool snapshot =
      node.snapshot() && index <= told.value() && told <= node.snapshot()->last.index;
  if ((told.value() != index && !snapshot) || node.configuration() != now) {
    return say("membership", node.id(),
               text(node.id()) + " goes by another configuration than the latest in its log, at " +
                   std::to_string(index));
  }
  if (node.role() == raft::Role::Leader && !mine.heard.empty()) {
    for (const raft::NodeId id : now.ids()) {
      if (mine.known.find(id) == nullptr) mine.heard[id.value - 1] = mine.ticks;
    }
  }
  mine.told = told;
  mine.meant = index;
  mine.known = now;
}

void Judges::judge_membership(const raft::Node& node) {
  follow_configuration(node);
  const Server& mine = server(node.id());
  const auto& [index, now] = mine.configurations.back();
  if (node.role() == raft::Role::Follower) return;
  if (node.role() == raft::Role::Leader) {
    if (!now.has_voter(node.id()) && index <= node.commit().value()) {
      say("membership", node.id(), text(node.id()) + " leads on though its removal is committed");
    }
    return;
  }
  for (auto each = mine.configurations.rbegin(); each != mine.configurations.rend(); ++each) {
    if (each->second.has_voter(node.id())) return;
    if (each->first <= node.commit().value()) break;
  }
  say("membership", node.id(), text(node.id()) + " stands for election and is no voter");
}

// It leads: so it has the votes (Raft §5.2).
void Judges::judge_votes(const raft::Node& node) {
  const bool elected = agree(configuration(node.id()), [&](raft::NodeId voter) {
    if (voter == node.id()) return node.vote() == voter;
    const std::vector<Vote>& votes = server(voter).votes;
    const std::uint64_t term = node.term().value();
    return term < votes.size() && votes[term].life != 0 && votes[term].candidate == node.id();
  });
  if (elected) return;
  say("election-safety", node.id(),
      text(node.id()) + " leads term " + text(node.term()) + " without the votes of a majority");
}

void Judges::on_heard(const raft::Node& node, raft::NodeId from, raft::Term term) {
  Server& mine = server(node.id());
  if (node.term() == term && from.value <= mine.heard.size()) {
    mine.heard[from.value - 1] = mine.ticks;
  }
}

void Judges::judge_time(const raft::Node& node) {
  Server& mine = server(node.id());
  if (node.role() != raft::Role::Leader) return;
  judge_quorum(node);
  mine.succession = node.successor() ? mine.succession + 1 : 0;
  if (mine.succession > node.config().election_ticks_max + 1) {
    say("transfer", node.id(), text(node.id()) + " waits for its successor for too long");
  }
}

void Judges::judge_quorum(const raft::Node& node) {
  const Server& mine = server(node.id());
  const bool hears = agree(configuration(node.id()), [&](raft::NodeId voter) {
    return voter == node.id() ||
           mine.ticks - mine.heard[voter.value - 1] <= node.config().election_ticks_max;
  });
  if (hears) return;
  say("check-quorum", node.id(),
      text(node.id()) + " still leads term " + text(node.term()) + " though it has not heard a " +
          "majority for longer than an election timeout");
}

void Judges::on_received(const Before& was, const raft::Node& node, raft::NodeId from,
                         const raft::Message& message) {
  Server& mine = server(node.id());
  const bool leads = was.role == raft::Role::Leader;
  if (const auto* request = std::get_if<raft::RequestVote>(&message)) {
    const bool hears =
        leads || (mine.followed && mine.ticks - *mine.followed < node.config().election_ticks_min);
    const bool disturbs = was.leader && was.leader != from && hears && !request->transfer;
    if (disturbs && node.term() > was.term) {
      say("sticky", node.id(),
          text(node.id()) + " hears a leader, and " + text(from) + " moved it to another term");
    }
  }
  const bool appends = std::holds_alternative<raft::AppendEntries>(message) ||
                       std::holds_alternative<raft::SnapshotChunk>(message);
  const raft::Term term = std::visit([](const auto& m) { return m.term; }, message);
  if (appends && term == node.term() && node.leader() == from) mine.followed = mine.ticks;
}

// Who is called to lead has all that the leader has (thesis §3.10).
void Judges::judge_call(raft::NodeId to, const raft::TimeoutNow& call, const raft::Node& node) {
  record_leader(node.id(), call.term);
  if (node.successor() != to || !configuration(node.id()).has_voter(node.id())) return;
  const Server& other = server(to);
  // As it was before this step, which may have begun the second half of a change behind the call.
  const std::uint64_t last = server(node.id()).log.size() - 1;
  if (other.promised >= last || other.floor != raft::EntryId{}) return;
  say("transfer", node.id(),
      text(node.id()) + " calls " + text(to) + ", which does not have its whole log");
}

void Judges::on_changed(const raft::Node& node, const raft::Configuration& target) {
  const auto& [index, now] = server(node.id()).configurations.back();
  if (now == target && index <= committed()) return;
  say("answers", node.id(),
      text(node.id()) + " says that a change is done which is not, or not for good");
}

// The next one may have begun in the same step.
void Judges::on_transfer_answered(raft::NodeId node) { server(node).succession = 0; }

void Judges::on_transferred(const raft::Node& node, raft::NodeId to) {
  const std::uint64_t term = node.term().value();
  if (term < leaders_.size() && leaders_[term] == to) return;
  say("answers", node.id(), text(node.id()) + " says that " + text(to) + " leads, which does not");
}

}  // namespace sim
