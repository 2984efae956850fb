// SPDX-License-Identifier: Apache-2.0
// Majorities, and what they agree on. Pure functions of a configuration and a set of reports.
#pragma once

#include <map>
#include <span>

#include "raft/types.h"

namespace raft {

// The highest index that a majority of `voters` has stored, given what each is known to have stored
// (`match`; a voter with no report counts as having nothing). This is what a leader may commit, if
// the entry there is of its own term (Raft §5.4.2, Figure 8).
//
// Requires: `voters` is not empty and holds no id twice.
LogIndex majority_index(std::span<const NodeId> voters, const std::map<NodeId, LogIndex>& match);

}  // namespace raft
