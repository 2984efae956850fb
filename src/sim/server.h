// SPDX-License-Identifier: Apache-2.0
// One simulated server: the shipping Replica between a disk and an outlet that may fail.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "journal/snapshot_layout.h"
#include "replica/replica.h"
#include "sim/disk.h"
#include "sim/fuse.h"
#include "sim/machine.h"

namespace sim {

// Gone: its log is damaged in more than one place, and it rightly refuses to start.
enum class ServerState : std::uint8_t { Down, Up, Gone };

struct Server {
  // The places that a misdirected write damages: where it lands, and where it should have been.
  static constexpr std::uint64_t kMisdirected = 2;

  Server(replica::Config its_config, RunHash& hash)
      : config(std::move(its_config)), disk(fuse, hash) {}

  // One place in `file`. A snapshot is never needed to start: others have what it holds.
  void damage(const std::optional<std::string>& file) {
    if (!file) return;
    damaged = true;
    if (!file->ends_with(journal::kSnapshotSuffix)) damages += 1;
  }

  replica::Config config;
  Fuse fuse;
  Disk disk;
  ServerState state = ServerState::Down;
  std::optional<Machine> machine;           // Of this life, or the last one.
  std::optional<replica::Replica> replica;  // While it is up.
  std::uint64_t life = 0;                   // Starts so far.
  bool damaged = false;                     // A bit turned, a sector lost, or a write misdirected,
  std::uint64_t damages = 0;                // in so many places of the log since it last started.
  bool found_damage = false;                // In this life or an earlier one.

  // What the latest armed death, if it comes, leaves.
  Survival survival = Survival::Random;
  std::uint64_t survival_seed = 0;

  std::uint64_t expired = 0;  // Sessions, of this life.

  raft::Term durable_term;  // At the end of its last turn.

  // Of the present turn.
  std::uint64_t turn_syncs = 0;  // Disk::syncs() at its beginning.
};

}  // namespace sim
