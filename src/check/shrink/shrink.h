// SPDX-License-Identifier: Apache-2.0
// From a plan that fails to a small one that fails: fewer faults first, then shorter and simpler
// ones, fewer clients and keys, fewer kinds of operations, until nothing can be taken away.
//
//   [ f1 f2 f3 ... f100 ]     the last 1, 2, 4, 8, ... until it fails
//                [ f93..f100 ]    without chunks of a half, a quarter, ... (Zeller, Hildebrandt
//                2002)
//                   [ f95 f99 ]       each in its simplest form
//
// What a plan does is found out by the caller, who runs it. Reductions are tried in a fixed order:
// the same answers give the same plans.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "check/plan/plan.h"

namespace check::shrink {

enum class Answer : std::uint8_t {
  Fails,
  Passes,
  Over,  // There is no time left: nothing more is asked.
};

// How a plan differs from the smallest so far.
struct Reduction {
  std::string what;    // For people: "2 clients".
  bool faults = true;  // There are fewer; else they are the same in a simpler form.
};

using Try = std::function<Answer(const plan::Plan& plan, const Reduction& reduction)>;

struct Shrunk {
  plan::Plan plan;       // The smallest that failed; if none did, the one to begin with.
  bool failed = false;   // Something did.
  bool minimal = false;  // No reduction of it fails.
};

// Never asks about the same plan twice.
Shrunk shrink(const plan::Plan& plan, const Try& attempt);

// Faults of lanes, and rules.
std::size_t size_of(const plan::Plan& plan);

}  // namespace check::shrink
