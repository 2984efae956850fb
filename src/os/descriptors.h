// SPDX-License-Identifier: Apache-2.0
// How many files and sockets this process may have open.
#pragma once

#include <cstddef>

namespace os {

// Raises the limit to `wanted` if it is lower and may be raised so far, else as far as it may be.
// Returns what it is then.
std::size_t allow_descriptors(std::size_t wanted);

}  // namespace os
