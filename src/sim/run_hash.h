// SPDX-License-Identifier: Apache-2.0
// One number for all that happened in a run: every action and every effect, in order. Two runs with
// the same number were the same run.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace sim {

class RunHash {
 public:
  void mix(std::uint64_t value) {
    state_ = (state_ ^ value) * 0x9e3779b97f4a7c15U;
    state_ ^= state_ >> 29U;
  }
  void mix(std::string_view bytes) {
    mix(bytes.size());
    while (bytes.size() >= sizeof(std::uint64_t)) {
      std::uint64_t word = 0;
      std::memcpy(&word, bytes.data(), sizeof(word));
      mix(word);
      bytes.remove_prefix(sizeof(word));
    }
    for (const char byte : bytes) mix(static_cast<unsigned char>(byte));
  }
  std::uint64_t value() const { return state_; }

 private:
  std::uint64_t state_ = 0xcbf29ce484222325U;
};

}  // namespace sim
