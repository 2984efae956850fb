// SPDX-License-Identifier: Apache-2.0
// What actions are called in scenarios and traces.
#pragma once

#include <optional>
#include <string_view>

#include "sim/action.h"

namespace sim {

std::string_view action_name(ActionKind kind);  // "deliver"
std::optional<ActionKind> action_kind(std::string_view name);
std::string_view function_name(Function function);  // "cas"
std::optional<Function> function_of(std::string_view name);
std::string_view survival_name(Survival survival);  // "some"
std::optional<Survival> survival_of(std::string_view name);

}  // namespace sim
