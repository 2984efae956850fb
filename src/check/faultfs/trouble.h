// SPDX-License-Identifier: Apache-2.0
// What ails the disk just now.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace check::faultfs {

struct Trouble {
  bool full = false;  // What would take room fails with ENOSPC, also in place, as on ZFS or btrfs.
  bool broken = false;                 // Writes and syncs, and what changes names, fail with EIO.
  std::chrono::microseconds delay{0};  // Before each write and sync.
};

// How many operations suffered since the disk was made.
struct Suffered {
  std::uint64_t refused = 0;
  std::uint64_t delayed = 0;
};

// Any thread.
class Troubles {
 public:
  // Those that wait in a delay go on.
  void set(const Trouble& trouble);
  Suffered suffered() const;

  // Of an operation that takes room, or only has to reach the disk: waits, then 0 or an errno.
  enum class Need : std::uint8_t { Room, Disk };
  enum class Pace : std::uint8_t { AsTheDisk, AtOnce };
  int meet(Need need, Pace pace);

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Trouble trouble_;
  std::uint64_t changes_ = 0;
  Suffered suffered_;
};

}  // namespace check::faultfs
