// SPDX-License-Identifier: Apache-2.0
// The end of a scenario that says `rest`: all heals, time goes on evenly, nothing is lost, and the
// cluster must elect, serve each client, and agree. What a timed run demands, without time.
#pragma once

#include "sim/cluster.h"

namespace sim {

// Judges "liveness" and "convergence".
void come_to_rest(Cluster& cluster);

// What the servers that are there have not agreed on, though they should; nothing if they have.
std::string disagreement(const Cluster& cluster);

}  // namespace sim
