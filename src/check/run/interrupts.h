// SPDX-License-Identifier: Apache-2.0
// Ctrl-C and SIGTERM, from the command's first moment to its last: held back until somebody can
// act on them, so that none is lost.
//
//   hold_interrupts() -- set-up -- held_interrupt()? -- contain(): passes them on --.
//                                          the run: listen_for_interrupts()  <-----'
#pragma once

#include <memory>
#include <string>

#include "check/faults/stop.h"

namespace check::run {

// With this the run's process ends when it is interrupted for the second time: nothing is judged.
constexpr int kExitAbandoned = 4;
// The plan asks for what this target's messages do not allow: in a suite the next plan's turn.
constexpr int kExitSkipped = 5;

// From now on, in this process and those it makes. Requires: no other thread runs yet.
void hold_interrupts();

// The one that waits, as people know it ("Ctrl-C"); empty: none does.
std::string held_interrupt();

// The first ends the run, so that what there is can be kept and judged; the second ends the
// process. Requires: they are held.
void listen_for_interrupts(const std::shared_ptr<faults::Stop>& stop);

}  // namespace check::run
