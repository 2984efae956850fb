// SPDX-License-Identifier: Apache-2.0
#include "check/model/model.h"

#include <algorithm>
#include <array>

#include "base/json_writer.h"

namespace check::model {

namespace {

using history::Function;
using history::Operation;
using history::Outcome;
using history::Value;

// A state is a Value: empty if there is nothing, else "=" and the content.
State encode(const Value& value) { return value ? "=" + *value : State(); }

State nothing() { return {}; }

Value content(const State& state) { return state.empty() ? Value() : Value(state.substr(1)); }

bool holds(const State& state, const Value& value) {
  if (!value) return state.empty();
  return state.size() == value->size() + 1 && state.compare(1, value->size(), *value) == 0;
}

std::optional<State> cas(const State& state, const Operation& operation) {
  const bool matches = holds(state, operation.expected);
  if (operation.outcome != Outcome::Fail) {
    return matches ? std::optional(encode(operation.written)) : std::nullopt;
  }
  if (matches) return std::nullopt;
  if (operation.found_known && !holds(state, operation.found)) return std::nullopt;
  return state;
}

std::optional<State> read(const State& state, const Operation& operation) {
  if (operation.outcome == Outcome::Ok && !holds(state, operation.found)) return std::nullopt;
  return state;
}

std::optional<State> step_kv(const State& state, const Operation& operation) {
  if (operation.function == Function::Read) return read(state, operation);
  if (operation.function == Function::Cas) return cas(state, operation);
  if (operation.outcome == Outcome::Fail) return state;
  if (operation.function == Function::Write) return encode(operation.written);
  // Appending to nothing makes the key.
  return (state.empty() ? "=" : state) + operation.written.value_or("");
}

// A list is "=" and the JSON text that a read of it shows.
std::optional<State> step_list(const State& state, const Operation& operation) {
  if (operation.function == Function::Read) {
    const bool empty_list = operation.found == "[]";
    if (state.empty() && empty_list) return state;
    return read(state, operation);
  }
  if (operation.outcome == Outcome::Fail) return state;
  State longer = state.empty() ? "=[" : state;
  if (!state.empty()) longer.back() = ',';
  base::append_json_string(longer, operation.written.value_or(""));
  longer.push_back(']');
  return longer;
}

bool knows_register(Function function) { return function != Function::Append; }
bool knows_kv(Function /*function*/) { return true; }
bool knows_list(Function function) {
  return function == Function::Read || function == Function::Append;
}

constexpr std::array<Model, 3> kModels = {{
    {"register", "one value a key: read, write, cas", knows_register, nothing, step_kv, content},
    {"kv", "one text a key: read, write, cas, append (puts a piece behind what is there)", knows_kv,
     nothing, step_kv, content},
    {"list", "one list a key: append an element, read them all", knows_list, nothing, step_list,
     content},
}};

}  // namespace

std::span<const Model> models() { return kModels; }

const Model* find_model(std::string_view name) {
  const auto* found = std::find_if(kModels.begin(), kModels.end(),
                                   [name](const Model& model) { return model.name == name; });
  return found == kModels.end() ? nullptr : found;
}

}  // namespace check::model
