// SPDX-License-Identifier: Apache-2.0
// Puts what clients asked and what they were told together again.
//
//   process 1   invoke write x=1 ........ ok         -> Operation, Ok
//   process 2          invoke read x ....... info    -> Operation, Info: may happen at any later
//   time process 3                invoke cas x ....       -> the same: the run ended first
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "check/history/event.h"
#include "check/history/operation.h"

namespace check::history {

class Pairing {
 public:
  // The next event, in the order of the history. Refused, and without effect: an index that does
  // not grow, an invocation while the process has one open, an end without a beginning or of
  // another operation than was begun, an end before the beginning.
  base::Status add(Event event);

  std::size_t event_count() const { return event_count_; }

  // All operations so far, in the order of their invocations; of those that have not ended, the
  // outcome is Info.
  const std::vector<Operation>& operations() const { return operations_; }
  // The same, for good.
  std::vector<Operation> take() && { return std::move(operations_); }

 private:
  void begin(Event event);
  base::Status end(Event event);

  std::vector<Operation> operations_;
  std::unordered_map<std::uint64_t, std::size_t> open_;  // Process -> position; looked up only.
  EventIndex last_;
  std::size_t event_count_ = 0;
};

}  // namespace check::history
