// SPDX-License-Identifier: Apache-2.0
// What a batch holds: records, each a change of the log or of the hard state, in the order in which
// they happened (docs/formats/journal.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "journal/layout.h"
#include "journal/outline.h"
#include "journal/storage.h"

namespace journal {

// Appends the records of one step to `body`, and follows them in `outline`. Requires: the change is
// a legal one.
void write_records(const Change& change, std::string& body, Outline& outline);

// The record that begins a segment's first frame.
std::string link_record(const Link& link);
// From the body of a first frame. Nothing if it does not begin with one.
std::optional<Link> read_link_record(std::string_view body);

// The log as the records so far have made it.
struct Replay {
  raft::HardState hard_state;
  raft::EntryId base;
  std::vector<raft::Entry> entries;
  raft::EntryId floor;
  // The beginning was compacted away: records may speak of what was before `base`.
  bool compacted = false;
  raft::LogIndex highest;  // Index of any entry or base so far, for the caller to reset.

  raft::EntryId last() const { return entries.empty() ? base : entries.back().id; }
  State state() const { return {hard_state, base, last(), floor}; }
};

// Plays the records of one batch. An error names the byte, counted from `origin`; what it was read
// into is then good for nothing.
base::Status play(std::string_view body, std::uint64_t origin, Replay& replay);

}  // namespace journal
