// SPDX-License-Identifier: Apache-2.0
// What a judge says when something is wrong.
#pragma once

#include <cstdint>
#include <string>

namespace sim {

struct Violation {
  std::string judge;     // "log-matching": docs/simulator.md says what each one sees.
  std::string sentence;  // For a person.
  std::uint32_t node = 0;
  std::uint64_t event = 0;    // The number of the action after which it was seen.
  std::uint64_t time_us = 0;  // Virtual.
};

}  // namespace sim
