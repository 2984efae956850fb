// SPDX-License-Identifier: Apache-2.0
#include "check/evidence/term_record.h"

#include <algorithm>

namespace check::evidence {

const Candidacy* TermRecord::find_candidacy(MemberId candidate) const {
  const auto found = std::ranges::find(candidacies, candidate, &Candidacy::candidate);
  return found == candidacies.end() ? nullptr : &*found;
}

void TermRecord::add_commit(Claim claim) {
  raise_commit(claim);
  if (!lowest_commit || claim.index < lowest_commit->index) {
    second_commit = lowest_commit;
    lowest_commit = claim;
  } else if (claim.index > lowest_commit->index &&
             (!second_commit || claim.index < second_commit->index)) {
    second_commit = claim;
  }
}

void TermRecord::raise_commit(Claim claim) {
  if (!highest_commit || claim.index > highest_commit->index) highest_commit = claim;
}

TermRecord* Terms::find(wire::Term term) {
  const auto found = records_.find(term);
  return found == records_.end() ? nullptr : &found->second;
}

TermRecord& Terms::at(wire::Term term) {
  const auto [found, is_new] = records_.try_emplace(term);
  if (!is_new) return found->second;
  found->second.term = term;
  if (records_.size() > kMost) forget_one(term);
  return found->second;
}

void Terms::forget_one(wire::Term except) {
  forgot_ = true;
  auto victim = std::ranges::find_if(records_, [except](const auto& record) {
    return record.first != except && !record.second.leader;
  });
  if (victim == records_.end()) {
    victim = records_.begin();
    if (victim->first == except) ++victim;
  }
  records_.erase(victim);
}

}  // namespace check::evidence
