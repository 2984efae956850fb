// SPDX-License-Identifier: Apache-2.0
// States that wait to be expanded, first in first out, each in as few bytes as it needs: most
// numbers are small, and there are many states.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "explore/state.h"

namespace explore {

class Frontier {
 public:
  explicit Frontier(std::uint32_t nodes) : nodes_(nodes) {}

  void push(const State& state);
  // False: there is none.
  bool pop(State& state);
  bool empty() const { return size_ == 0; }
  std::uint64_t size() const { return size_; }
  std::uint64_t bytes() const { return blocks_.size() * kBlockBytes; }

 private:
  static constexpr std::size_t kBlockBytes = std::size_t{64} * 1024;

  std::uint32_t nodes_;
  std::deque<std::vector<std::uint8_t>> blocks_;  // A state does not cross from one to the next.
  std::size_t read_ = 0;                          // In the first block.
  std::uint64_t size_ = 0;
};

}  // namespace explore
