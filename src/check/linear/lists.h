// SPDX-License-Identifier: Apache-2.0
// Linearizability of one list to which elements are appended, each once. Internal to linear.
//
// A read shows what was appended before it, in order. So all reads must be beginnings of the
// longest one, and that one puts every operation in its rank:
//
//   rank   0         1         2              3         ...   2n+1
//          read []   append a  read [a]       append b  ...   acknowledged, but in no read
//
// Those ranks can be kept if and only if nobody returned before somebody of a lower rank was
// called: docs/linear.md has the proof. O(n log n), and the bytes of the reads once.
#pragma once

#include <optional>

#include "check/linear/violation.h"

namespace check::linear {

struct ListOpinion {
  bool decided = false;  // False: an element was appended twice, so that its place says nothing.
  std::optional<Violation> violation;
};

// Requires: the members are reads and appends, and all say something (an answered read, an append
// that did not fail).
ListOpinion judge_list(const KeyHistory& key);

}  // namespace check::linear
