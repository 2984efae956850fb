// SPDX-License-Identifier: Apache-2.0
// One round of one election: who said yes, and when each of the others is asked again. Each voter
// counts once, however often it answers; nothing that comes in puts off a question (Raft §5.1).
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "mutant/mutant.h"
#include "raft/quorum.h"
#include "raft/types.h"

namespace raft {

class Votes {
 public:
  void grant(NodeId from) {
    find_or_add(from).granted = true;
    if (MUTANT(VotePutsOffQuestions)) {
      for (Voter& each : voters_) each.due += 1;
    }
  }
  bool granted(NodeId voter) const {
    const auto found = std::ranges::find(voters_, voter, &Voter::id);
    return found != voters_.end() && found->granted;
  }
  bool won(const Quorum& quorum) const {
    return quorum.holds([this](NodeId voter) { return granted(voter); });
  }

  // Calls ask(voter) for each voter of `quorum` who has not said yes and was not asked in the last
  // `interval` ticks; `now` is the tick.
  template <class Ask>
  void ask_due(const Quorum& quorum, std::uint64_t now, std::uint64_t interval, Ask ask) {
    const auto ask_one = [&](NodeId id) {
      Voter& voter = find_or_add(id);
      if (voter.granted || now < voter.due) return;
      voter.due = now + interval;
      ask(id);
    };
    std::ranges::for_each(quorum.voters(), ask_one);
    std::ranges::for_each(quorum.outgoing(), ask_one);  // Who is in both halves is not due again.
  }

 private:
  struct Voter {
    NodeId id;
    bool granted = false;
    std::uint64_t due = 0;  // When it is asked next.
  };
  Voter& find_or_add(NodeId id) {
    const auto found = std::ranges::find(voters_, id, &Voter::id);
    return found != voters_.end() ? *found : voters_.emplace_back(Voter{id});
  }

  std::vector<Voter> voters_;
};

}  // namespace raft
