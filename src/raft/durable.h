// SPDX-License-Identifier: Apache-2.0
// What may not leave before it is on disk, said in the type.
//
// A vote or an acknowledgement that a crash could make untrue is handed out as Held: nobody can
// look inside without a Receipt, and only the journal makes Receipts, after its sync returned. So
// "send, then sync" does not compile. A Receipt covers all steps up to its number; a Held opens for
// a Receipt that covers the step it came from.
#pragma once

#include <utility>

#include "base/check.h"
#include "base/ordinal.h"

namespace journal {
class Journal;
}  // namespace journal
namespace explore {
class Server;
}  // namespace explore

namespace raft {

// Counts the steps of one Node whose effects must reach the disk. Zero: before the first.
using StepNumber = base::Ordinal<struct StepLine>;

// Proof that everything saved and appended up to step() is durable.
class Receipt {
 public:
  constexpr StepNumber step() const { return step_; }

 private:
  friend class journal::Journal;
  friend class explore::Server;  // Has a disk of its own: a model, in which every sync is a choice.
  friend class TestReceipt;      // Tests of the core alone: declared there, nowhere else.
  explicit constexpr Receipt(StepNumber step) : step_(step) {}
  StepNumber step_;
};

// A value that waits for the disk.
template <class Value>
class Held {
 public:
  Held(StepNumber step, Value value) : step_(step), value_(std::move(value)) {}

  StepNumber step() const { return step_; }
  bool opens_for(const Receipt& receipt) const { return step_ <= receipt.step(); }

  // Requires: opens_for(receipt).
  const Value& open(const Receipt& receipt) const& {
    CHECK(opens_for(receipt), step_, receipt.step());
    return value_;
  }
  Value&& open(const Receipt& receipt) && {
    CHECK(opens_for(receipt), step_, receipt.step());
    return std::move(value_);
  }

 private:
  StepNumber step_;
  Value value_;
};

}  // namespace raft
