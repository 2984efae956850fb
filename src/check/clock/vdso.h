// SPDX-License-Identifier: Apache-2.0
// Where in the kernel's own library, which every program is given (vdso(7)), the functions for the
// wall clock are.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "base/result.h"

namespace check::clock {

// Bytes from the image's beginning.
struct ClockFunctions {
  std::size_t clock_gettime = 0;
  std::optional<std::size_t> gettimeofday;
  std::optional<std::size_t> time;
};

// Each has room for a jump. `image`: the library as it lies in memory, or its beginning; it is not
// trusted. An error if it is not an ELF library with clock_gettime.
base::Result<ClockFunctions> find_clock_functions(std::string_view image);

}  // namespace check::clock
