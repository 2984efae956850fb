// SPDX-License-Identifier: Apache-2.0
// Whether links are silent, told apart from probes that are late.
//
//   send --> ... decided ... --> silence, still nothing arrived: Nothing
//               |                  '-- something did: once more, until `effect` is over: Something
//               '-- not within `effect`: Unknown
//
// On a machine that has no time for us, probes that nothing stops come late. So the wait for
// silence begins only when the probes are known to have come to where they would be stopped.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

#include "base/result.h"

namespace check::faults {

struct Trial {
  std::function<base::Status()> send;           // Probes over every link, anew.
  std::function<base::Result<bool>()> decided;  // Whether each link has let them pass or has not.
  std::function<std::size_t()> arrived;         // Over how many links they have come by now.
};

struct Patience {
  std::chrono::milliseconds silence;  // What nothing must arrive for.
  std::chrono::milliseconds effect;   // How long it may take until that is so.
};

enum class Heard : std::uint8_t { Nothing, Something, Unknown };

base::Result<Heard> listen(const Trial& trial, const Patience& patience);

}  // namespace check::faults
