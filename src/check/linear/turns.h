// SPDX-License-Identifier: Apache-2.0
// A process does one operation after the other, also where its clock did not move in between: what
// it asked at the moment of its last answer came after that. Other processes' operations at that
// moment are concurrent with both, as all that touch are. Internal to linear.
//
//   process 1      [ write ][ read ]        in one moment
//   process 2    [   write           ]      at the same moment: the moment is spread for it
//
// Where several processes do that to one key at one moment, the order of one of them is told and
// that of the others is not: no line of time has both orders and nothing more (docs/linear.md).
#pragma once

#include <span>
#include <vector>

#include "check/history/operation.h"

namespace check::linear {

// The operations with their turns; empty if no process does two at one moment.
std::vector<history::Operation> in_turn(std::span<const history::Operation> operations);

}  // namespace check::linear
