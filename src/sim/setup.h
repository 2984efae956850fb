// SPDX-License-Identifier: Apache-2.0
// What a cluster is made of, as numbers: with it, a list of actions is a whole run.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace sim {

struct Setup {
  std::uint64_t nodes = 3;
  std::uint64_t seed = 1;  // Of the servers' own draws: election timeouts.
  std::uint64_t election_ticks_min = 5;
  std::uint64_t election_ticks_max = 9;
  std::uint64_t heartbeat_ticks = 1;
  std::uint64_t max_append_bytes = 4096;
  std::uint64_t max_inflight = 8;
  std::uint64_t max_uncommitted_bytes = 1U << 20U;
  std::uint64_t max_waiting = 64;
  std::uint64_t segment_bytes = 4096;
  std::uint64_t clients = 3;
  // Messages travel as bytes: encoded when they leave, decoded when they come.
  std::uint64_t framed = 0;
  // The checker's judge of messages looks on (witness.h).
  std::uint64_t witness = 1;
};

struct SetupField {
  std::string_view name;
  std::uint64_t Setup::*member;
  std::uint64_t least;
  std::uint64_t most;
};

// Function, not a table: a pure module keeps no globals.
constexpr std::array<SetupField, 13> setup_fields() {
  return {{{"nodes", &Setup::nodes, 1, 32},
           {"node-seed", &Setup::seed, 0, UINT64_MAX},
           {"election-ticks-min", &Setup::election_ticks_min, 2, 1000},
           {"election-ticks-max", &Setup::election_ticks_max, 2, 1000},
           {"heartbeat-ticks", &Setup::heartbeat_ticks, 1, 999},
           {"max-append-bytes", &Setup::max_append_bytes, 1, 1U << 30U},
           {"max-inflight", &Setup::max_inflight, 1, 10'000},
           {"max-uncommitted-bytes", &Setup::max_uncommitted_bytes, 1, 1U << 30U},
           {"max-waiting", &Setup::max_waiting, 1, 1'000'000},
           {"segment-bytes", &Setup::segment_bytes, 256, 1U << 30U},
           {"clients", &Setup::clients, 1, 64},
           {"framed", &Setup::framed, 0, 1},
           {"witness", &Setup::witness, 0, 1}}};
}

}  // namespace sim
