// SPDX-License-Identifier: Apache-2.0
// The slow judge that the fast ones are compared with. Tests only; shares nothing with them.
#pragma once

#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "check/history/operation.h"

namespace check::linear::brute {

using history::Function;
using history::Operation;
using history::Outcome;
using history::Value;

// Whether `operation` can happen while the register holds `value`; changes it. Written straight
// from what the words mean.
inline bool happens(const Operation& operation, Value& value, bool mismatch_known) {
  const bool ok = operation.outcome == Outcome::Ok;
  const bool fail = operation.outcome == Outcome::Fail;
  if (operation.function == Function::Read) return !ok || operation.found == value;
  if (operation.function == Function::Write) {
    if (!fail) value = operation.written;
    return true;
  }
  if (operation.function == Function::Append) {
    if (!fail) value = value.value_or("") + operation.written.value_or("");
    return true;
  }
  if (fail) {
    if (operation.found_known) return value == operation.found && value != operation.expected;
    return !mismatch_known || value != operation.expected;
  }
  if (value == operation.expected) {
    value = operation.written;
    return true;
  }
  return !ok;
}

// All orders of at most some 12 operations of one key, one operation after the other. What is
// unknown may also never happen. By lines: those of one process that touch are in order, too.
class Judge {
 public:
  Judge(std::span<const Operation> operations, bool mismatch_known, bool by_lines = false)
      : operations_(operations), mismatch_known_(mismatch_known), by_lines_(by_lines) {}

  bool linearizable() { return go_on(0, Value()); }

 private:
  bool must_wait(unsigned done, std::size_t candidate) const {
    for (std::size_t other = 0; other < operations_.size(); ++other) {
      if ((done >> other & 1U) != 0 || operations_[other].outcome == Outcome::Info) continue;
      if (*operations_[other].returned < operations_[candidate].called) return true;
      if (by_lines_ && touches(operations_[other], operations_[candidate])) return true;
    }
    return false;
  }

  static bool touches(const Operation& early, const Operation& late) {
    return early.process == late.process && early.invoked_at < late.invoked_at &&
           *early.returned == late.called;
  }

  // NOLINTNEXTLINE(misc-no-recursion)
  bool go_on(unsigned done, const Value& value) {
    if (!been_.emplace(done, value).second) return false;
    bool all = true;
    for (std::size_t next = 0; next < operations_.size(); ++next) {
      if ((done >> next & 1U) != 0) continue;
      all = all && operations_[next].outcome == Outcome::Info;
      if (must_wait(done, next)) continue;
      Value after = value;
      if (!happens(operations_[next], after, mismatch_known_)) continue;
      if (go_on(done | 1U << next, after)) return true;
    }
    return all;
  }

  std::span<const Operation> operations_;
  bool mismatch_known_;
  bool by_lines_;
  std::set<std::pair<unsigned, Value>> been_;
};

}  // namespace check::linear::brute
