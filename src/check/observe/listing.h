// SPDX-License-Identifier: Apache-2.0
// A message as a line for people.
//
//   0.120300 c3 n1>n2 AppendEntries/MsgApp term=2 prev=5/2 entries=[6/2] commit=5
#pragma once

#include <string>

#include "check/wire/observation.h"

namespace check::observe {

// Appends the line with its line break.
void append_listing(std::string& out, const wire::Observation& observation);

// "12.345678": nanoseconds as seconds.
std::string seconds(std::uint64_t time_ns);

}  // namespace check::observe
