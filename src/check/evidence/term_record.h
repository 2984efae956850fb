// SPDX-License-Identifier: Apache-2.0
// What has been seen of one term of one group: who asked for votes, who gave them, who led, with
// which log, and what it called committed.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <vector>

#include "check/evidence/finding_log.h"
#include "check/evidence/log_view.h"
#include "check/evidence/members.h"
#include "check/wire/message.h"

namespace check::evidence {

// Of the entry at `index`, said by message `from`.
struct Claim {
  wire::Index index;
  MessageId from;
};

struct Vote {
  MemberId voter;
  MemberId candidate;
  MessageId from;
};

struct Candidacy {
  MemberId candidate;
  std::optional<wire::Index> last_index;  // Where the candidate's log ended.
  std::optional<wire::Term> last_term;
  MessageId from;
};

struct TermRecord {
  static constexpr std::size_t kMostVotes = 256;

  wire::Term term;
  std::optional<MemberId> leader;
  MessageId leader_from;
  bool contested = false;  // Two leaders: nothing else can be said of the leader.
  LogView log;
  // What the leader stated as its commit index: the lowest and the second lowest value, and the
  // highest that it stated or a snapshot of its implied.
  std::optional<Claim> lowest_commit;
  std::optional<Claim> second_commit;
  std::optional<Claim> highest_commit;
  wire::Index checked_commit;  // Up to here it was compared with later leaders' logs.
  bool broke_commit_rule = false;
  std::vector<Vote> votes;
  std::vector<Candidacy> candidacies;

  const Candidacy* find_candidacy(MemberId candidate) const;
  bool led_by(MemberId member) const { return !contested && leader == member; }
  // Up to which index the leader's log is known to be committed.
  wire::Index committed() const {
    return contested || !highest_commit ? wire::Index() : highest_commit->index;
  }
  // The leader's commit index had exactly this value.
  void add_commit(Claim claim);
  void raise_commit(Claim claim);
};

// The terms of one group, a bounded number.
class Terms {
 public:
  static constexpr std::size_t kMost = 1024;

  // Creates what is not there; if there are too many, the lowest term without a leader is
  // forgotten, or the lowest. The reference is good until the next at().
  TermRecord& at(wire::Term term);
  TermRecord* find(wire::Term term);

  auto begin() { return records_.begin(); }
  auto end() { return records_.end(); }
  auto above(wire::Term term) { return records_.upper_bound(term); }
  bool forgot() const { return forgot_; }

 private:
  void forget_one(wire::Term except);

  std::map<wire::Term, TermRecord> records_;
  bool forgot_ = false;
};

}  // namespace check::evidence
