// SPDX-License-Identifier: Apache-2.0
#include "explore/history.h"

#include <algorithm>
#include <string>

#include "raft/describe.h"

namespace explore {

namespace {

std::string name(raft::NodeId id) { return "n" + std::to_string(id.value); }
std::string text(raft::Term term) { return "term " + std::to_string(term.value()); }

bool same(const raft::Entry& one, const raft::Entry& other) {
  if (one.id != other.id || one.kind != other.kind) return false;
  if (one.payload == other.payload) return true;
  return one.payload != nullptr && other.payload != nullptr && *one.payload == *other.payload;
}

}  // namespace

std::optional<Violation> History::add(const Facts& facts) {
  if (facts.leads_anew) {
    const auto at = std::ranges::lower_bound(leaders, facts.term, {},
                                             &std::pair<raft::Term, raft::NodeId>::first);
    if (at != leaders.end() && at->first == facts.term && at->second != facts.server) {
      return Violation{"election-safety", name(at->second) + " and " + name(facts.server) +
                                              " both led in " + text(facts.term)};
    }
    if (at == leaders.end() || at->first != facts.term) {
      leaders.insert(at, {facts.term, facts.server});
    }
  }
  for (const raft::Entry& entry : facts.applied) {
    const auto position = static_cast<std::size_t>(entry.id.index.value() - 1);
    if (position > agreed.size()) {
      return Violation{"applied", name(facts.server) + " applies " + raft::describe(entry) +
                                      " before anybody has applied what comes before it"};
    }
    if (position == agreed.size()) agreed.push_back({entry, facts.term});
    Agreed& known = agreed[position];
    if (!same(known.entry, entry)) {
      return Violation{"applied", name(facts.server) + " applies " + raft::describe(entry) +
                                      " where " + raft::describe(known.entry) + " was applied"};
    }
    known.committed_in = std::min(known.committed_in, facts.term);
  }
  return std::nullopt;
}

std::optional<Violation> judge_leader(const History& history, const Server& server) {
  const raft::Node& node = server.node();
  if (node.role() != raft::Role::Leader) return std::nullopt;
  for (const History::Agreed& agreed : history.agreed) {
    if (agreed.committed_in >= node.term() || node.log().contains(agreed.entry.id)) continue;
    return Violation{"leader-completeness", name(node.id()) + " leads " + text(node.term()) +
                                                " without " + raft::describe(agreed.entry) +
                                                ", committed in " + text(agreed.committed_in)};
  }
  return std::nullopt;
}

std::optional<Violation> judge_logs(const Server& one, const Server& other) {
  const raft::Log& mine = one.node().log();
  const raft::Log& theirs = other.node().log();
  bool agree = false;  // Somewhere behind.
  for (raft::LogIndex i = std::min(mine.last().index, theirs.last().index); i != raft::LogIndex();
       i = raft::LogIndex(i.value() - 1)) {
    agree = agree || mine.at(i).id == theirs.at(i).id;
    if (agree && !same(mine.at(i), theirs.at(i))) {
      return Violation{"log-matching",
                       name(one.node().id()) + " has " + raft::describe(mine.at(i)) + " where " +
                           name(other.node().id()) + " has " + raft::describe(theirs.at(i)) +
                           ", at or before an entry that both have"};
    }
  }
  return std::nullopt;
}

}  // namespace explore
