// SPDX-License-Identifier: Apache-2.0
// What one key's history of reads, writes and cas says, without what says nothing. Internal to
// linear.
//
// Failed writes, reads that were not answered, and failed cas that only say they took no effect are
// left out. So are unknown writes and cas whose value nobody was ever seen to depend on: an order
// that has one in it stays an order when it is taken out. That does not hold when a failed cas says
// "another value than expected" without saying which, since the unknown write may be that value.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "check/linear/violation.h"

namespace check::linear {

// A value that occurs in the key's history; 0 is "nothing", with which every key begins.
using ValueId = std::uint32_t;
constexpr ValueId kNoValue = std::numeric_limits<ValueId>::max();

struct Facts {
  // Reads, and failed cas that found something, with what they saw.
  struct Reading {
    Position operation = kNobody;
    ValueId seen = 0;
  };
  // Writes and cas that took effect, or (outcome Info) may have.
  struct Writing {
    Position operation = kNobody;
    ValueId before = kNoValue;  // Cas only.
    ValueId after = 0;
  };
  std::vector<Reading> readings;
  std::vector<Writing> writings;
  std::vector<Position> mismatches;  // Failed cas that say "another value", and no more.
  std::size_t value_count = 1;

  // No value is written twice, and none is "nothing" again; no mismatches: zones decide.
  bool unambiguous = true;

  // What is wrong by itself: a value that nobody wrote, a cas that failed over what it expected.
  std::optional<Violation> absurd;
};

// Requires: the model is the register's, so no Append among the members.
Facts gather_facts(const KeyHistory& key, bool failed_cas_means_mismatch);

}  // namespace check::linear
