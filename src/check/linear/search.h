// SPDX-License-Identifier: Apache-2.0
// Linearizability of one key under any model, by search: Lowe, "Testing for linearizability"
// (Concurrency and Computation, 2016), which is Wing & Gong's with a memory of what was tried.
// Internal to linear.
#pragma once

#include <cstddef>
#include <functional>
#include <span>

#include "check/linear/violation.h"
#include "check/model/model.h"

namespace check::linear {

struct SearchResult {
  enum class Answer : std::uint8_t { Linearizable, NotLinearizable, OutOfTime, OutOfMemory };
  Answer answer = Answer::Linearizable;
  std::size_t configurations = 0;

  // Not linearizable: no order of the operations explains the history up to the return of `stuck`,
  // but one does up to any earlier return; `state` is where that one came to, by `cause` at last.
  Position stuck = kNobody;
  model::State state;
  Position cause = kNobody;
  std::vector<Position> open;  // What had been called by then, and might still have taken effect.
};

struct SearchLimits {
  std::size_t memory_bytes = 0;
  const std::function<bool()>* keep_going = nullptr;
};

// Requires: key.members hold no operation that says nothing (see facts.h); the model knows all of
// their functions.
SearchResult search(const KeyHistory& key, const model::Model& model, const SearchLimits& limits);

}  // namespace check::linear
