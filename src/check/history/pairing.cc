// SPDX-License-Identifier: Apache-2.0
#include "check/history/pairing.h"

#include <string>
#include <utility>

namespace check::history {

namespace {

base::Error refused(std::string message) {
  return base::Error{base::ErrorCode::Corrupt, std::move(message)};
}

// An ok of a change may leave out what was changed, but not tell it otherwise.
bool tells_otherwise(const Event& end, const Operation& begun) {
  if (end.function == Function::Read || end.type != EventType::Ok) return false;
  const bool value = end.value && end.value != begun.written;
  return value || (end.expected && end.expected != begun.expected);
}

}  // namespace

base::Status Pairing::add(Event event) {
  if (event_count_ > 0 && event.index <= last_) {
    return refused("expected an index above " + std::to_string(last_.value()) + ", not " +
                   std::to_string(event.index.value()));
  }
  const EventIndex index = event.index;
  if (event.type == EventType::Invoke) {
    const auto [position, fresh] = open_.try_emplace(event.process, operations_.size());
    if (!fresh) {
      return refused("process " + std::to_string(event.process) +
                     " invokes while its operation of event " +
                     std::to_string(operations_[position->second].invoked_at.value()) + " is open");
    }
    begin(std::move(event));
  } else {
    TRY([[maybe_unused]] const base::Done done, end(std::move(event)));
  }
  last_ = index;
  event_count_ += 1;
  return base::Done{};
}

void Pairing::begin(Event event) {
  Operation& operation = operations_.emplace_back();
  operation.invoked_at = event.index;
  operation.process = event.process;
  operation.function = event.function;
  operation.key = std::move(event.key);
  if (event.function != Function::Read) operation.written = std::move(event.value);
  operation.expected = std::move(event.expected);
  operation.called = event.time;
  operation.node = event.node;
  operation.final = event.final;
}

base::Status Pairing::end(Event event) {
  const auto open = open_.find(event.process);
  const std::string who = "process " + std::to_string(event.process);
  if (open == open_.end()) return refused(who + " ends an operation that it did not invoke");
  Operation& operation = operations_[open->second];
  const std::string begun = std::to_string(operation.invoked_at.value());
  if (event.function != operation.function || event.key != operation.key) {
    return refused(who + " ends another operation than it invoked at event " + begun);
  }
  if (tells_otherwise(event, operation)) {
    return refused(who + " ends its operation of event " + begun + " with another value");
  }
  if (event.time < operation.called) {
    return refused(who + " ends its operation of event " + begun + " before it began");
  }
  open_.erase(open);

  operation.returned_at = event.index;
  if (event.node) operation.node = event.node;
  operation.final = operation.final || event.final;
  if (event.type == EventType::Info) return base::Done{};

  operation.returned = event.time;
  if (event.type == EventType::Ok) {
    operation.outcome = Outcome::Ok;
    if (event.function == Function::Read) {
      operation.found = std::move(event.value);
      operation.found_known = true;
    }
  } else {
    operation.outcome = Outcome::Fail;
  }
  if (event.function == Function::Cas && event.found_known) {
    operation.found = std::move(event.found);
    operation.found_known = true;
  }
  return base::Done{};
}

}  // namespace check::history
