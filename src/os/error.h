// SPDX-License-Identifier: Apache-2.0
// What the operating system said, as one sentence.
#pragma once

#include <cerrno>
#include <string>
#include <system_error>

#include "base/result.h"

namespace os {

// "cannot WHAT: No space left on device", from errno. Unavailable: no descriptor or no memory is
// left for it now; that is no fault of a disk.
inline base::Error system_error(const std::string& what, int number = errno) {
  const bool full = number == ENOSPC || number == EDQUOT;
  const bool lacking = number == EMFILE || number == ENFILE || number == ENOMEM;
  return base::Error{full      ? base::ErrorCode::NoSpace
                     : lacking ? base::ErrorCode::Unavailable
                               : base::ErrorCode::Io,
                     "cannot " + what + ": " + std::generic_category().message(number)};
}

// Of what was to be changed on a disk, or to be durable: nobody knows how much of it is, whatever
// there was too little of. Never Unavailable.
inline base::Error disk_error(const std::string& what, int number = errno) {
  base::Error error = system_error(what, number);
  if (error.code == base::ErrorCode::Unavailable) error.code = base::ErrorCode::Io;
  return error;
}

}  // namespace os
