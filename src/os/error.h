// SPDX-License-Identifier: Apache-2.0
// What the operating system said, as one sentence.
#pragma once

#include <cerrno>
#include <string>
#include <system_error>

#include "base/result.h"

namespace os {

// "cannot WHAT: No space left on device", from errno.
inline base::Error system_error(const std::string& what, int number = errno) {
  const bool full = number == ENOSPC || number == EDQUOT;
  return base::Error{full ? base::ErrorCode::NoSpace : base::ErrorCode::Io,
                     "cannot " + what + ": " + std::generic_category().message(number)};
}

}  // namespace os
