// SPDX-License-Identifier: Apache-2.0
// A state machine around another one that applies each numbered command of a client once, however
// often it comes, whoever leads and whatever restarts (Raft §8; thesis §6.3).
//
//   log:  open     -> session 17
//         (17, 1, "INCR n") -> inner: 1      recorded
//         (17, 1, "INCR n") -> 1             from the record: the inner machine does not see it
//         plain "INCR n"    -> inner: 2      as without sessions
//
// Its state is the inner machine's and a Table; both are in its snapshots. Commands and answers are
// those of command.h; a query is the inner machine's own, its answer carries the byte, too.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "machine/state_machine.h"
#include "session/table.h"

namespace session {

class Sessions final : public machine::StateMachine {
 public:
  // Requires: `inner` outlives it, and is changed by nobody else.
  Sessions(machine::StateMachine& inner, const Limits& limits) : inner_(inner), table_(limits) {}

  void apply(std::span<const raft::Entry> commands, std::vector<machine::Answer>& answers) override;
  machine::Answer read(std::string_view query) const override;
  std::unique_ptr<machine::Snapshot> snapshot() override;
  std::unique_ptr<machine::Restore> begin_restore() override;

  const Table& table() const { return table_; }

 private:
  machine::Answer apply(const raft::Entry& entry);
  machine::Answer apply(const raft::Entry& entry, const Numbered& command);
  machine::Answer apply_inner(const raft::Entry& entry, std::string_view command);

  machine::StateMachine& inner_;
  Table table_;
};

}  // namespace session
