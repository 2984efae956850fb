// SPDX-License-Identifier: Apache-2.0
// The state machine of a C program, behind the port that the library knows.
#pragma once

#include <seaworthy/raft.h>

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "machine/state_machine.h"

namespace capi {

struct Callbacks {
  raft_apply_command* apply = nullptr;
  raft_resolve_read* resolve = nullptr;
  raft_save* save = nullptr;  // Both or none.
  raft_load* load = nullptr;
  void* context = nullptr;
};

class CallbackMachine final : public machine::StateMachine {
 public:
  explicit CallbackMachine(const Callbacks& callbacks) : callbacks_(callbacks) {}

  void apply(std::span<const raft::Entry> commands, std::vector<machine::Answer>& answers) override;
  machine::Answer read(std::string_view query) const override;
  // The program writes all of its state at once, into memory; null also if it could not.
  std::unique_ptr<machine::Snapshot> snapshot() override;
  std::unique_ptr<machine::Restore> begin_restore() override;

 private:
  Callbacks callbacks_;
};

}  // namespace capi
