// SPDX-License-Identifier: Apache-2.0
// From a list of actions that fails to a short one that fails in the same way (delta debugging:
// Zeller & Hildebrandt, TSE 2002), and then to a plain one: ticks of a server together, turns by
// themselves, nothing torn or doubled that need not be.
#pragma once

#include <functional>

#include "sim/scenario.h"

namespace sim {

// Whether the scenario still fails as it should. Called many times.
using StillFails = std::function<bool(const Scenario& scenario)>;

// Requires: still_fails(scenario).
Scenario shrink(Scenario scenario, const StillFails& still_fails);

// The same with numbers 1, 2, 3, ...
Scenario renumbered(Scenario scenario);

}  // namespace sim
