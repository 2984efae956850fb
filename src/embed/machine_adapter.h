// SPDX-License-Identifier: Apache-2.0
// The program's state machine, behind the port that the library knows.
#pragma once

#include <seaworthy/raft/state_machine.h>

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "machine/state_machine.h"

namespace embed {

class MachineAdapter final : public machine::StateMachine {
 public:
  // Requires: `outside` outlives it.
  explicit MachineAdapter(seaworthy::StateMachine& outside) : outside_(outside) {}

  void apply(std::span<const raft::Entry> commands, std::vector<machine::Answer>& answers) override;
  machine::Answer read(std::string_view query) const override { return outside_.read(query); }
  std::unique_ptr<machine::Snapshot> snapshot() override;
  std::unique_ptr<machine::Restore> begin_restore() override;

 private:
  seaworthy::StateMachine& outside_;
};

}  // namespace embed
