// SPDX-License-Identifier: Apache-2.0
// What a frame holds: records, each a change of the log or of the hard state, in the order in which
// they happened (docs/formats/journal.md).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "journal/layout.h"
#include "raft/effects.h"

namespace journal {

// Appends the records of one step to `body`, and follows them in `summary`. Requires: the step
// leaves no gap in the log.
void write_records(const raft::Effects& effects, std::string& body, Summary& summary);

// The record that ends a segment; alone in its frame.
std::string seal_record();

// The log as the records so far have made it.
struct Replay {
  raft::HardState hard_state;
  raft::EntryId base;
  std::vector<raft::Entry> entries;
  bool sealed = false;

  Summary summary() const;
};

// Plays the records of one frame. An error names the byte, counted from `origin`; what it was read
// into is then good for nothing.
base::Status play(std::string_view body, std::uint64_t origin, Replay& replay);

}  // namespace journal
