// SPDX-License-Identifier: Apache-2.0
// A growing map from well mixed 64-bit keys to small numbers: open addressing, linear probing.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace explore {

class IdTable {
 public:
  IdTable();

  // Null if there is none; valid until the next add.
  const std::uint32_t* find(std::uint64_t key) const;
  // Requires: `key` is not there.
  void add(std::uint64_t key, std::uint32_t id);

  std::uint64_t bytes() const { return slots_.capacity() * sizeof(Slot); }

 private:
  struct Slot {
    std::uint64_t key = 0;
    std::uint32_t id = kFree;
  };
  static constexpr std::uint32_t kFree = 0xffffffff;

  void place(std::uint64_t key, std::uint32_t id);

  std::vector<Slot> slots_;  // As many as a power of two.
  std::uint64_t used_ = 0;
};

}  // namespace explore
