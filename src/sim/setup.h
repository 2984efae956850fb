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
  std::uint64_t max_inflight_bytes = 1U << 24U;
  std::uint64_t max_uncommitted_bytes = 1U << 20U;
  std::uint64_t max_waiting = 64;
  std::uint64_t segment_bytes = 4096;
  std::uint64_t clients = 3;
  // Servers that belong to no configuration at first; with the numbers behind the others'.
  std::uint64_t spares = 0;
  // replica::SnapshotPolicy; 0: only when somebody asks.
  std::uint64_t snapshot_bytes = 0;
  std::uint64_t snapshot_entries = 0;
  std::uint64_t keep_entries = 0;
  std::uint64_t keep_bytes = 1U << 30U;
  std::uint64_t piece_bytes = 1024;
  std::uint64_t chunk_bytes = 1024;
  std::uint64_t max_kept_bytes = 1U << 20U;
  std::uint64_t promotion_lag = 100;
  // raft::Config::lease; 0: none. Else the drift that it allows, per mille, and 1.
  std::uint64_t lease = 0;
  // Values that clients write are at least so long.
  std::uint64_t value_bytes = 0;
  // session::Limits::sessions; 0: writes are in no session.
  std::uint64_t sessions = 0;
  // Bit i - 1: the log of server i is journal::Kind::Mapped.
  std::uint64_t mapped = 0;
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
constexpr std::array<SetupField, 27> setup_fields() {
  return {{{"nodes", &Setup::nodes, 1, 32},
           {"node-seed", &Setup::seed, 0, UINT64_MAX},
           {"election-ticks-min", &Setup::election_ticks_min, 2, 1000},
           {"election-ticks-max", &Setup::election_ticks_max, 2, 1000},
           {"heartbeat-ticks", &Setup::heartbeat_ticks, 1, 999},
           {"max-append-bytes", &Setup::max_append_bytes, 1, 1U << 30U},
           {"max-inflight", &Setup::max_inflight, 1, 10'000},
           {"max-inflight-bytes", &Setup::max_inflight_bytes, 1, 1U << 30U},
           {"max-uncommitted-bytes", &Setup::max_uncommitted_bytes, 1, 1U << 30U},
           {"max-waiting", &Setup::max_waiting, 1, 1'000'000},
           {"segment-bytes", &Setup::segment_bytes, 256, 1U << 30U},
           {"clients", &Setup::clients, 1, 64},
           {"spares", &Setup::spares, 0, 8},
           {"snapshot-bytes", &Setup::snapshot_bytes, 0, 1U << 30U},
           {"snapshot-entries", &Setup::snapshot_entries, 0, 1U << 30U},
           {"keep-entries", &Setup::keep_entries, 0, 1U << 30U},
           {"keep-bytes", &Setup::keep_bytes, 0, 1U << 30U},
           {"piece-bytes", &Setup::piece_bytes, 1, 1U << 30U},
           {"chunk-bytes", &Setup::chunk_bytes, 1, 1U << 30U},
           {"max-kept-bytes", &Setup::max_kept_bytes, 0, 1U << 30U},
           {"promotion-lag", &Setup::promotion_lag, 0, 1'000'000},
           {"lease", &Setup::lease, 0, 1001},
           {"value-bytes", &Setup::value_bytes, 0, 100'000},
           {"sessions", &Setup::sessions, 0, 16'384},
           {"mapped", &Setup::mapped, 0, UINT64_MAX},
           {"framed", &Setup::framed, 0, 1},
           {"witness", &Setup::witness, 0, 1}}};
}

}  // namespace sim
