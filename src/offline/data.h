// SPDX-License-Identifier: Apache-2.0
// What a stopped node's data directory holds, read without changing anything.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "journal/journal.h"
#include "kv/machine.h"
#include "session/sessions.h"

namespace offline {

struct Whose {
  std::string directory;
  std::uint64_t cluster = 0;
  raft::NodeId node;
};

struct Data {
  journal::Kind kind = journal::Kind::Segments;
  raft::HardState hard_state;
  std::optional<raft::EntryId> snapshot;  // Up to here the newest good one goes.
  raft::EntryId first;                    // The log begins after this entry,
  raft::EntryId last;                     // and ends with this one.
  std::vector<journal::Finding> findings;
  raft::EntryId floor;  // As journal::Opened has it: 0 0 if nothing is missing.
  bool is_damaged() const { return !findings.empty() || floor != raft::EntryId{}; }
  // Keys and values after all of the snapshot and the log, up to what was asked for. Which of the
  // last entries are committed, a node alone cannot know.
  std::unique_ptr<kv::Machine> machine;
  std::unique_ptr<session::Sessions> sessions;  // Around it.
  raft::LogIndex applied;
};

// Unavailable: a process uses it. InvalidArgument: it holds no log, or is another's, or of another
// version.
// Damage is no error, but a finding; what is behind it is not applied. InvalidArgument, too: the
// snapshot goes beyond `through`, or the log does not go so far.
base::Result<Data> read(const Whose& whose, std::optional<raft::LogIndex> through);

// Text for a person: what is there, and each finding.
std::string description(const Data& data, const std::string& directory);

// Of a damaged one, in one sentence: what is damaged, and what an export lacks for it.
std::string damage(const Data& data, const std::string& directory);

enum class Format : std::uint8_t { Resp, Json };
// One key and its value for `redis-cli --pipe`, as a SET and, if it is longer than a command may
// be, an APPEND for each further piece; or as a line of JSON.
void append_pair(std::string_view key, std::string_view value, Format format, std::string& out);

}  // namespace offline
