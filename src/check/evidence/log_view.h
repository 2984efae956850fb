// SPDX-License-Identifier: Apache-2.0
// What is known of the log of one leader, while it leads.
//
//   index   1 2 3 4 5 6 7 8 9        known: 2 and 4 have term 1, 6 has 3, 7..9 have 5
//   term    ? 1 . 1 ? 3 5 5 5        so 3 has term 1, too: terms along a log do not fall
//
// A leader never overwrites or deletes entries in its log (Raft §5.3, Leader Append-Only). So all
// that it says of an index agrees, in whatever order its messages are seen.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "check/evidence/finding_log.h"
#include "check/wire/message.h"

namespace check::evidence {

class LogView {
 public:
  static constexpr std::size_t kMostRuns = 256;  // Beyond, those of the lowest terms are forgotten.

  // The entries first..last have this term; `first_from` and `last_from` say so.
  struct Run {
    wire::Term term;
    wire::Index first;
    wire::Index last;
    MessageId first_from;
    MessageId last_from;
  };

  struct Added {
    std::optional<Run> contradiction = {};  // If there is one, nothing was added.
    // What has become known, if anything has: entries that lie between known ones, too.
    bool grown = false;
    wire::Index first = {};
    wire::Index last = {};
  };

  // The entries first..last have `term`. Requires: first <= last.
  Added add(wire::Term term, wire::Index first, wire::Index last, MessageId from);

  std::optional<Run> find(wire::Index index) const;

  // A part of first..last that is known to have another term than `term`.
  std::optional<Run> find_other(wire::Term term, wire::Index first, wire::Index last) const;

  // The last index that is known to have a term below `term`.
  std::optional<Run> last_below(wire::Term term) const;

  const std::vector<Run>& runs() const { return runs_; }

 private:
  std::vector<Run> runs_;  // In order of term, and so of index.
};

}  // namespace check::evidence
