// SPDX-License-Identifier: Apache-2.0
// Operations in words a tired person understands. Internal to linear.
#pragma once

#include <cstddef>
#include <string>

#include "check/history/operation.h"

namespace check::linear {

// "17" with its quotes, cut if it is long; `nothing` for an absent key.
std::string quoted(const history::Value& value);

// `process 12 read "17" at 3.204 s (event 812)`
std::string did(const history::Operation& operation);

// The same with `had` in it: `process 4 had written "21" at 3.100 s (event 790)`
std::string had_done(const history::Operation& operation);

// Of a read of a list, which may be long: `process 3 read 12 elements at 3.204 s (event 812)`
std::string read_of(const history::Operation& operation, std::size_t elements);

// `read`, `write`, `cas`, `append`.
std::string noun(const history::Operation& operation);

// The event that tells how the operation ended, or else the one that began it.
std::uint64_t telling_event(const history::Operation& operation);

// A line of explain().
std::string row(const history::Operation& operation);

}  // namespace check::linear
