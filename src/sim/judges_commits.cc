// SPDX-License-Identifier: Apache-2.0
// What is committed and applied.
#include <algorithm>
#include <utility>

#include "raft/describe.h"
#include "sim/judges.h"
#include "sim/judges_text.h"

namespace sim {

void Judges::judge_commit(const raft::Node& node) {
  Server& mine = server(node.id());
  if (node.commit().value() <= mine.committed) return;
  const std::uint64_t first = std::exchange(mine.committed, node.commit().value()) + 1;
  // A leader that commits its own removal is none any more in the same step.
  const std::uint64_t term = node.term().value();
  const bool leads =
      node.role() == raft::Role::Leader || (node.commit().value() >= committed_.size() &&
                                            term < leaders_.size() && leaders_[term] == node.id());
  if (leads) judge_leaders_commit(node);
  for (std::uint64_t index = first; index <= node.commit().value(); ++index) {
    const raft::EntryId id = mine.log[index];
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
    if (!leads) {
      return say("commit-rule", node.id(),
                 text(node.id()) + " takes " + raft::describe(id) +
                     " for committed, which no leader has committed");
    }
    committed_.push_back({id, node.term()});
  }
}

// A leader commits an entry of its own term, by counting servers that said they have it on disk, or
// itself (Raft §5.3, §5.4.2); while voters are being exchanged, a majority of the old and of the
// new ones (§6).
void Judges::judge_leaders_commit(const raft::Node& node) {
  const raft::EntryId id = server(node.id()).log[node.commit().value()];
  if (id.term != node.term()) {
    return say("commit-rule", node.id(),
               text(node.id()) + " leads term " + text(node.term()) + " and committed " +
                   raft::describe(id) + " by counting");
  }
  const Configurations& all = server(node.id()).configurations;
  // What begins by this commit did not count for it.
  const bool later =
      all.size() > 1 && all.back().first > configured_ && all.back().first > node.commit().value();
  const raft::Configuration& now = all[all.size() - (later ? 2 : 1)].second;
  if (judge_half(node, now.voters) && now.is_joint()) judge_half(node, now.outgoing);
}

// Its own share is a promise as well, if a majority counts on it. True: there is a majority.
bool Judges::judge_half(const raft::Node& node, const std::vector<raft::Member>& half) {
  Server& mine = server(node.id());
  const std::uint64_t index = node.commit().value();
  const raft::EntryId id = mine.log[index];
  std::size_t have = 0;
  bool votes = false;
  for (const raft::Member& voter : half) {
    const Server& other = server(voter.id);
    const bool has = other.promised >= index && other.log[index] == id;
    const bool had = id <= other.floor;  // And will not vote before it has it again.
    if (voter.id == node.id()) {
      votes = true;
    } else if (has || had || other.gone) {
      have += 1;
    }
  }
  const std::size_t majority = half.size() / 2 + 1;
  if (have >= majority) return true;
  if (have + (votes ? 1U : 0U) < majority) {
    say("commit-rule", node.id(),
        text(node.id()) + " committed " + raft::describe(id) + ", which only " +
            std::to_string(have) + " other voters said they have");
    return false;
  }
  mine.promised = std::max(mine.promised, index);
  return true;
}

const Judges::Fact* Judges::find_fact(raft::EntryId id) const {
  if (id.index.value() >= facts_.size()) return nullptr;
  const std::vector<Fact>& facts = facts_[id.index.value()];
  const auto fact = std::ranges::find(facts, id.term, &Fact::term);
  return fact == facts.end() ? nullptr : &*fact;
}

bool Judges::is_known(const raft::Entry& entry) const {
  const Fact* fact = find_fact(entry.id);
  return fact != nullptr && fact->kind == entry.kind && same_payload(fact->payload, entry.payload);
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
  // Alone, all is done in one turn; and what is committed may be compacted in it.
  if (!is_known(entry) || entry.id.index.value() >= committed_.size()) {
    follow_log(replica.node(), touched_);
    judge_commit(replica.node());
  }
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

// What has been applied somewhere is what a snapshot may stand for.
void Judges::on_installed(const replica::Replica& replica, raft::EntryId last) {
  const raft::NodeId node = replica.node().id();
  const std::uint64_t index = last.index.value();
  if (index > applied_.size() || applied_[index - 1].id != last) {
    return say("snapshot", node,
               text(node) + " installed a snapshot up to " + raft::describe(last) +
                   ", which nobody has applied");
  }
  server(node).applied = last.index;
  follow_log(replica.node(), touched_);
  judge_commit(replica.node());
}

}  // namespace sim
