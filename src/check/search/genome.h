// SPDX-License-Identifier: Apache-2.0
// A plan of the search in the pieces that it is put together from, and taken apart into.
//
//   steps    one lane, or two, of faults by time
//   gadgets  a few rules each, which name only one another: "hold this reply until somebody leads
//            in a later term; meanwhile the leader is isolated"
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "check/plan/plan.h"

namespace check::search {

struct Gadget {
  std::vector<plan::Rule> rules = {};   // Names are the gadget's own: "a", "b", ...
  std::vector<std::string> words = {};  // What it is made of, for Merits.
};

struct Genome {
  std::vector<std::vector<plan::Step>> lanes = {};
  std::vector<Gadget> gadgets = {};
};

// Thousandths of an election timeout that the faults by time take.
std::uint64_t length_of(const std::vector<plan::Step>& lane);
std::uint64_t length_of(const Genome& genome);

// What the genome is made of: "kill leader", "hold AppendReply".
std::vector<std::string> words_of(const Genome& genome);

// The plan; its rules are named g1-a, g1-b, g2-a, ...
plan::Plan plan_of(const Genome& genome, const std::string& name);

}  // namespace check::search
