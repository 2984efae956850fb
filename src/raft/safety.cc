// SPDX-License-Identifier: Apache-2.0
#include "raft/safety.h"

#include "base/check.h"

namespace raft {

void Safety::on_step(const Before& before, const Node& node, const Effects& effects) {
  CHECK(before.term <= node.term(), before.term, node.term());
  CHECK(before.commit <= node.commit(), before.commit, node.commit());

  // Leader Append-Only: a leader never overwrites or deletes entries in its log.
  const bool leads_on = before.role == Role::Leader && node.role() == Role::Leader;
  CHECK(!leads_on || !effects.truncate_from, node.id());

  // Log Matching: if two logs contain an entry with the same index and term, then the logs are
  // identical in all entries up through the given index. By induction over the entry before.
  for (const Entry& entry : effects.append) {
    const LogIndex previous(entry.id.index.value() - 1);
    const Stored stored{node.log().find_id(previous)->term, describe(entry)};
    const auto known = stored_.try_emplace(entry.id, stored).first;
    CHECK(known->second.previous == stored.previous, describe(entry), node.id());
    CHECK(known->second.payload == stored.payload, describe(entry), node.id());
  }

  // State Machine Safety: no two servers apply different entries for the same index.
  LogIndex applied = before.commit;
  if (effects.install) {
    const EntryId last = effects.install->snapshot.last;
    CHECK(applied < last.index, applied, last.index);
    const auto agreed = committed_.find(last.index);
    CHECK(agreed != committed_.end() && agreed->second.id == last, describe(last), node.id());
    applied = last.index;
  }
  for (const Entry& entry : effects.apply) {
    CHECK(entry.id.index == applied.next(), entry.id.index, applied);
    applied = entry.id.index;
    Agreed& agreed = committed_.try_emplace(applied, Agreed{entry.id, node.term()}).first->second;
    CHECK(agreed.id == entry.id, describe(agreed.id), describe(entry.id), node.id());
    agreed.committed_in = std::min(agreed.committed_in, node.term());
  }
  CHECK(applied == node.commit(), applied, node.commit());

  if (node.role() == Role::Leader && before.role != Role::Leader) on_leader(node);
}

void Safety::on_leader(const Node& node) {
  // Election Safety: at most one leader can be elected in a given term.
  const NodeId leader = leaders_.try_emplace(node.term(), node.id()).first->second;
  CHECK(leader == node.id(), leader, node.id(), node.term());

  // Leader Completeness: what was committed in a term is in the logs of all leaders of later ones.
  for (const auto& [index, agreed] : committed_) {
    const bool has = index <= node.log().base().index || node.log().contains(agreed.id);
    CHECK(agreed.committed_in >= node.term() || has, describe(agreed.id), agreed.committed_in,
          node.id(), node.term());
  }
}

void Safety::on_sent(NodeId from, const Envelope& envelope) {
  const VoteReply* reply = std::get_if<VoteReply>(&envelope.message);
  const RequestVote* request = std::get_if<RequestVote>(&envelope.message);
  if (request == nullptr && (reply == nullptr || !reply->granted)) return;
  const Term term = request != nullptr ? request->term : reply->term;
  const NodeId candidate = request != nullptr ? from : envelope.to;
  const NodeId voted = votes_.try_emplace({from, term}, candidate).first->second;
  CHECK(voted == candidate, from, term, voted, candidate);
}

LogIndex Safety::committed() const {
  return committed_.empty() ? LogIndex() : committed_.rbegin()->first;
}

}  // namespace raft
