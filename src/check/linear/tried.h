// SPDX-License-Identifier: Apache-2.0
// The search's memory: which configurations it has been in. Internal to linear.
//
// A configuration is the state and the set of operations that have taken effect. The set is kept as
// what it lacks: nearly all operations up to the last one in it are there, so that the few that are
// not say it all. Found by a 64-bit hash, compared in full: a collision cannot hide a
// configuration.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace check::linear {

struct Configuration {
  std::uint32_t state = 0;
  std::uint32_t end = 0;                   // One behind the last operation that took effect.
  std::span<const std::uint32_t> missing;  // Those before `end` that have not; in ascending order.
};

class Tried {
 public:
  Tried();

  // Whether the configuration was not there yet; it is now.
  bool insert(const Configuration& configuration);

  std::size_t size() const { return count_; }
  std::size_t memory_bytes() const;

 private:
  void encode(const Configuration& configuration);
  std::uint64_t store();
  bool holds(std::uint64_t offset) const;
  void grow();

  std::string code_;  // Of the configuration that is looked for.
  std::vector<std::unique_ptr<char[]>> chunks_;
  std::size_t chunk_used_ = 0;
  std::size_t stored_bytes_ = 0;
  // Open addressing: 24 bits of the hash and 40 of the place where the code lies, plus one.
  std::vector<std::uint64_t> slots_;
  std::size_t count_ = 0;
};

}  // namespace check::linear
