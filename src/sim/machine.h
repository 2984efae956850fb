// SPDX-License-Identifier: Apache-2.0
// The state machine of a simulated server, and one of nobody's that tells what state a server must
// have.
//
//   sessions (if the run has any) --> Watch --> kv
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "kv/machine.h"
#include "session/sessions.h"

namespace sim {

class Machine {
 public:
  // Called with each command that gets through the sessions.
  using Applied = std::function<void(const raft::Entry& entry)>;

  // `sessions`: as Setup has it.
  Machine(std::uint64_t sessions, Applied applied);
  ~Machine() = default;
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  machine::StateMachine& top();
  const kv::Machine& store() const { return store_; }
  const session::Table* find_table() const { return sessions_ ? &sessions_->table() : nullptr; }
  // Of all that replicas agree on.
  std::uint64_t digest() const;

 private:
  class Watch;

  kv::Machine store_;
  std::unique_ptr<machine::StateMachine> watch_;
  std::optional<session::Sessions> sessions_;
};

// What a state machine must be that was given the first so many entries.
class Shadow {
 public:
  explicit Shadow(std::uint64_t sessions) : sessions_(sessions) {}

  // Requires: `applied` has so many, and they are the same as ever.
  std::uint64_t digest_at(std::uint64_t index, std::span<const raft::Entry> applied);

 private:
  std::uint64_t sessions_;
  std::unique_ptr<Machine> machine_;
  std::uint64_t at_ = 0;
  std::map<std::uint64_t, std::uint64_t> digests_;
};

}  // namespace sim
