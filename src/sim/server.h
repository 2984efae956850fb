// SPDX-License-Identifier: Apache-2.0
// One simulated server: the shipping Replica between a disk and an outlet that may fail.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "replica/replica.h"
#include "sim/disk.h"
#include "sim/fuse.h"
#include "sim/machine.h"

namespace sim {

// Gone: its storage is damaged in more than one place, and it rightly refuses to start.
enum class ServerState : std::uint8_t { Down, Up, Gone };

struct Server {
  // The places that a misdirected write damages: where it lands, and where it should have been.
  static constexpr std::uint64_t kMisdirected = 2;

  Server(replica::Config its_config, RunHash& hash)
      : config(std::move(its_config)), disk(fuse, hash) {}

  void damage(std::uint64_t places) {
    damaged = true;
    damages += places;
  }

  replica::Config config;
  Fuse fuse;
  Disk disk;
  ServerState state = ServerState::Down;
  std::optional<Machine> machine;           // Of this life, or the last one.
  std::optional<replica::Replica> replica;  // While it is up.
  std::uint64_t life = 0;                   // Starts so far.
  bool damaged = false;                     // A bit turned, a sector lost, or a write misdirected,
  std::uint64_t damages = 0;                // in so many places since it last started.

  // What the latest armed death, if it comes, leaves.
  Survival survival = Survival::Random;
  std::uint64_t survival_seed = 0;

  std::uint64_t expired = 0;  // Sessions, of this life.

  raft::Term durable_term;  // At the end of its last turn.

  // Of the present turn.
  std::uint64_t turn_syncs = 0;  // Disk::syncs() at its beginning.
};

}  // namespace sim
