// SPDX-License-Identifier: Apache-2.0
#include "sim/words.h"

#include <array>
#include <cstddef>

namespace sim {

namespace {

// In the order of the enumerations.
constexpr std::array<std::string_view, 18> action_names() {
  return {"tick",     "deliver",  "ask",   "give-up", "crash",     "kill",
          "start",    "die",      "error", "full",    "disarm",    "change",
          "transfer", "snapshot", "retry", "flip",    "misdirect", "spoil"};
}
constexpr std::array<std::string_view, 5> function_names() {
  return {"read", "write", "cas", "append", "open"};
}
constexpr std::array<std::string_view, 3> survival_names() { return {"none", "all", "some"}; }

template <class Enum, std::size_t Size>
std::optional<Enum> find(const std::array<std::string_view, Size>& names, std::string_view name) {
  for (std::size_t i = 0; i < Size; ++i) {
    if (names[i] == name) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

}  // namespace

std::string_view action_name(ActionKind kind) {
  return action_names()[static_cast<std::size_t>(kind)];
}
std::optional<ActionKind> action_kind(std::string_view name) {
  return find<ActionKind>(action_names(), name);
}
std::string_view function_name(Function function) {
  return function_names()[static_cast<std::size_t>(function)];
}
std::optional<Function> function_of(std::string_view name) {
  return find<Function>(function_names(), name);
}
std::string_view survival_name(Survival survival) {
  return survival_names()[static_cast<std::size_t>(survival)];
}
std::optional<Survival> survival_of(std::string_view name) {
  return find<Survival>(survival_names(), name);
}

}  // namespace sim
