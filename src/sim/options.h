// SPDX-License-Identifier: Apache-2.0
// All that is drawn for one run (swarm testing: Groce et al., ISSTA 2012): which faults exist in
// it, how often, and every size and time. Whole numbers only; chances are per mille, or per million
// where they are for each message.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/setup.h"

namespace sim {

struct Options {
  std::uint64_t seed = 1;
  std::uint64_t events = 2000;  // Inputs of the phase with faults.
  Setup setup;

  // Time, in microseconds.
  std::uint64_t tick = 10'000;
  std::uint64_t delay_min = 100;
  std::uint64_t delay_max = 2'000;
  std::uint64_t late_ppm = 0;  // Messages that take up to `late_max`.
  std::uint64_t late_max = 200'000;
  std::uint64_t sync_min = 100;
  std::uint64_t sync_max = 2'000;
  std::uint64_t slow_node = 0;  // 0: none. Its disk takes `slow_factor` times as long.
  std::uint64_t slow_factor = 20;
  std::uint64_t drift_permille = 0;  // How far clocks run apart.
  std::uint64_t quiet_most = 0;      // Of Node::quiet_ticks(), so many come together.

  // Of each message.
  std::uint64_t drop_ppm = 0;
  std::uint64_t double_ppm = 0;
  std::uint64_t corrupt_ppm = 0;

  // Of each turn: the power goes, the disk fails, somewhere in it.
  std::uint64_t death_ppm = 0;
  std::uint64_t error_ppm = 0;
  std::uint64_t full_ppm = 0;

  // Every `trouble_every` one of these begins, by weight.
  std::uint64_t trouble_every = 300'000;
  std::uint64_t crash_weight = 0;          // One server's power.
  std::uint64_t blackout_weight = 0;       // All servers' power.
  std::uint64_t kill_weight = 0;           // One process.
  std::uint64_t stuck_weight = 0;          // One server does nothing for a while.
  std::uint64_t isolate_weight = 0;        // One server, from all.
  std::uint64_t split_weight = 0;          // Two halves.
  std::uint64_t one_way_weight = 0;        // One direction of one link.
  std::uint64_t damage_weight = 0;         // A bit, or a misdirected write; few servers.
  std::uint64_t damage_most = 1;           // Places that are damaged at once,
  std::uint64_t spoil_permille = 0;        // and how many of them are in a snapshot.
  std::uint64_t damage_restart = 600'000;  // Who is started again then is so soon.
  std::uint64_t echo_weight = 0;           // One leader hears others late, and they it no more.
  std::uint64_t freeze_weight = 0;         // One leader, cut off as its lease begins to matter.
  std::uint64_t trouble_max = 600'000;     // How long it lasts, at most.
  std::uint64_t survival = 2;              // Of unsynced writes: 0 none, 1 all, 2 some.

  // Every `wish_every` an operator wants one of these, by weight.
  std::uint64_t wish_every = 300'000;
  std::uint64_t change_weight = 0;    // Another configuration.
  std::uint64_t transfer_weight = 0;  // Another leader.
  std::uint64_t snapshot_weight = 0;  // A snapshot, now.
  // Calls to take over that come when nobody waits for them any more.
  std::uint64_t late_call_ppm = 0;

  // Clients.
  std::uint64_t keys = 3;
  std::uint64_t think_max = 20'000;
  std::uint64_t timeout = 500'000;
  std::uint64_t read_weight = 30;
  std::uint64_t write_weight = 40;
  std::uint64_t cas_weight = 20;
  std::uint64_t append_weight = 10;
  std::uint64_t stray_permille = 100;        // Questions to anybody instead of the leader.
  std::uint64_t follower_read_permille = 0;  // Reads to anybody, besides.
};

// Draws all but what is given.
Options draw(std::uint64_t seed, std::uint64_t nodes, std::uint64_t events);

// One line an option: "drop-ppm: 20000".
std::vector<std::string> describe(const Options& options);

}  // namespace sim
