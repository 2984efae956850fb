// SPDX-License-Identifier: Apache-2.0
// What a key of the system under test is supposed to be, as if one client at a time used it.
//
//   state --operation, with the outcome the client was told--> state, or "that cannot have
//   happened"
//
// A model is a value: a name and a function without memory. It says nothing about concurrency; that
// is linear's business. Written apart from our own server's state machine: shared code would share
// its mistakes.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "check/history/operation.h"

namespace check::model {

// One key's content, in an encoding of the model's own: equal texts are equal states.
using State = std::string;

struct Model {
  std::string_view name;     // As `--model` takes it.
  std::string_view summary;  // One line for `seaworthy list models`.

  // Whether it has this function at all.
  bool (*knows)(history::Function function);

  // A key that nobody has touched.
  State (*initial)();

  // The state after `operation`, if it can take effect in `state` and be answered as it was.
  //   Ok: it took effect and the answer is right. Fail: it took no effect; a cas that failed was in
  //   a state other than it expected, and found what it says, if it says so. Info: it takes full
  //   effect here (a search also tries that it never does).
  // Requires: knows(operation.function).
  std::optional<State> (*step)(const State& state, const history::Operation& operation);

  // What a read would answer in `state`.
  history::Value (*content)(const State& state);
};

// All there are: register, kv, list.
std::span<const Model> models();

// The model of that name, or null.
const Model* find_model(std::string_view name);

}  // namespace check::model
