// SPDX-License-Identifier: Apache-2.0
// Histories out of a seed: an imaginary register that is used by clients whose calls overlap. Tests
// and benchmarks only.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "base/prng.h"
#include "check/history/operation.h"

namespace check::linear::invent {

using history::EventIndex;
using history::Function;
using history::Moment;
using history::Operation;
using history::Outcome;
using history::Value;

struct Shape {
  std::size_t operations = 8;
  std::size_t clients = 3;
  std::uint64_t keys = 1;
  std::uint64_t values = 0;  // 0: each value is written once; else drawn from so many.
  std::uint64_t write_percent = 40;
  std::uint64_t cas_percent = 20;
  std::uint64_t append_percent = 0;
  std::uint64_t unknown_percent = 10;
  std::uint64_t found_percent = 100;  // Of the failed cas: those that tell what they found.
  std::uint64_t longest = 8;          // Of an operation, in ticks of a microsecond.
};

// Linearizable by construction: each operation takes effect at one moment inside its interval, or,
// if unknown, at one behind its call, or never.
class Inventor {
 public:
  Inventor(const Shape& shape, std::uint64_t seed)
      : shape_(shape), prng_(seed), contents_(shape.keys) {}

  // In the order of the calls, with event indexes as a history would have them.
  std::vector<Operation> invent() {
    for (std::size_t client = 0; client < shape_.clients; ++client) live(client);
    std::sort(moments_.begin(), moments_.end());
    for (const auto& [time, operation] : moments_) take_effect(operations_[operation]);
    return number_events(std::move(operations_));
  }

  static std::vector<Operation> number_events(std::vector<Operation> operations) {
    std::stable_sort(
        operations.begin(), operations.end(),
        [](const Operation& left, const Operation& right) { return left.called < right.called; });
    // Time, return or call, operation.
    std::vector<std::tuple<Moment, bool, std::size_t>> events;
    for (std::size_t at = 0; at < operations.size(); ++at) {
      events.emplace_back(operations[at].called, false, at);
      if (operations[at].returned) events.emplace_back(*operations[at].returned, true, at);
    }
    std::sort(events.begin(), events.end());
    for (std::size_t index = 0; index < events.size(); ++index) {
      Operation& operation = operations[std::get<2>(events[index])];
      if (std::get<1>(events[index])) {
        operation.returned_at = EventIndex(index);
      } else {
        operation.invoked_at = EventIndex(index);
      }
    }
    return operations;
  }

 private:
  bool one_in_hundred(std::uint64_t times) { return prng_.between(1, 100) <= times; }

  Value another_value() {
    return std::to_string(shape_.values == 0 ? ++last_value_ : prng_.between(1, shape_.values));
  }

  // One client's operations, one after the other: when, not yet what.
  void live(std::size_t client) {
    std::uint64_t now = prng_.between(0, shape_.longest);
    std::uint64_t process = client;
    const std::size_t count = (shape_.operations + client) / shape_.clients;
    for (std::size_t done = 0; done < count; ++done) {
      Operation operation;
      operation.process = process;
      operation.called = Moment(now);
      const std::uint64_t back = now + prng_.between(0, shape_.longest);
      std::uint64_t effect_at = prng_.between(now, back);
      if (one_in_hundred(shape_.unknown_percent)) {
        operation.outcome = Outcome::Info;
        process += shape_.clients;
        effect_at = prng_.between(now, now + 4 * shape_.longest);
      } else {
        operation.outcome = Outcome::Ok;
        operation.returned = Moment(back);
      }
      moments_.emplace_back(effect_at, operations_.size());
      operations_.push_back(operation);
      now = back + prng_.between(1, 1 + shape_.longest / 2);
    }
  }

  void take_effect(Operation& operation) {
    const std::uint64_t key = prng_.between(0, shape_.keys - 1);
    operation.key = "k" + std::to_string(key);
    Value& content = contents_[key];
    const bool never = operation.outcome == Outcome::Info && one_in_hundred(50);
    std::uint64_t draw = prng_.between(1, 100);
    const auto is = [&draw](std::uint64_t percent) {
      const bool hit = draw <= percent;
      draw -= hit ? 0 : percent;
      return hit;
    };
    if (is(shape_.write_percent)) {
      operation.function = Function::Write;
      operation.written = another_value();
      if (!never) content = operation.written;
    } else if (is(shape_.append_percent)) {
      operation.function = Function::Append;
      operation.written = another_value();
      if (!never) content = content.value_or("") + *operation.written;
    } else if (is(shape_.cas_percent)) {
      swap(operation, content, never);
    } else if (operation.outcome == Outcome::Ok) {
      operation.found = content;
      operation.found_known = true;
    }
  }

  void swap(Operation& operation, Value& content, bool never) {
    operation.function = Function::Cas;
    operation.expected = content;
    if (one_in_hundred(40)) operation.expected = some_value();
    operation.written = another_value();
    if (operation.expected == content) {
      if (!never) content = operation.written;
      return;
    }
    if (operation.outcome == Outcome::Info) return;
    operation.outcome = Outcome::Fail;
    operation.found_known = one_in_hundred(shape_.found_percent);
    if (operation.found_known) operation.found = content;
  }

  Value some_value() {
    const std::uint64_t most = shape_.values == 0 ? last_value_ : shape_.values;
    const std::uint64_t number = prng_.between(0, most);
    return number == 0 ? Value() : Value(std::to_string(number));
  }

  Shape shape_;
  base::Prng prng_;
  std::vector<Operation> operations_;
  std::vector<std::pair<std::uint64_t, std::size_t>> moments_;
  std::vector<Value> contents_;
  std::uint64_t last_value_ = 0;
};

}  // namespace check::linear::invent
