// SPDX-License-Identifier: Apache-2.0
// A run as a text: what the cluster is made of, and all that happens in it (docs/simulator.md).
//
//   nodes: 3
//   expect: durable-ack
//
//   1 start n1
//   4 tick n1 5
//   5 deliver n2 4.0
//   6 ask n1 c1 write k0 17 +
//   9 crash n2 some 77
//   rest
//
// A line that ends in + is of one turn with the next of its server. Lines keep their numbers when
// others are taken out, as messages are named by them. # begins a comment.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sim/action.h"
#include "sim/setup.h"

namespace sim {

struct Scenario {
  Setup setup;
  std::string expect;           // The judge that sees a violation; empty: none does.
  bool rest = false;            // At the end all heals, and the cluster must come to rest (rest.h).
  std::vector<Action> actions;  // Each with its number; they rise.
};

// One action, without a line break.
std::string describe(const Action& action);

std::string describe(const Scenario& scenario);

// An error begins with line and column: "3:8: ...".
base::Result<Scenario> parse_scenario(std::string_view text);

}  // namespace sim
