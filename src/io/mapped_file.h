// SPDX-License-Identifier: Apache-2.0
// The port to a file that is mapped into memory: a disk (io/disk.h) gives one out by map().
//
// Contract: what was stored may reach the disk at any time, sector by sector (kSectorBytes) in any
// order, also without a sync(), and each sector as it was at some moment; what sync() covered is
// durable when it returned, with the size of the file. After any error nothing is known about what
// was not durable before, and the file is not to be used again. What a processor says as SIGBUS, a
// page that cannot be read or has no room, is an error like any other.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"

namespace io {

class MappedFile {
 public:
  virtual ~MappedFile() = default;

  virtual std::uint64_t size_bytes() const = 0;

  // Requires: the bytes lie within the file.
  virtual base::Status load(std::uint64_t offset, std::span<char> into) = 0;
  virtual base::Status store(std::uint64_t offset, std::string_view bytes) = 0;
  // Returns when these bytes (and others on their pages) are durable.
  virtual base::Status sync(std::uint64_t offset, std::uint64_t size_bytes) = 0;

  // Makes the file longer; the new bytes are zeros, and there is room for them on the disk: an
  // error says that there is none, and changes nothing. Requires: more than there is.
  virtual base::Status grow(std::uint64_t size_bytes) = 0;
};

}  // namespace io
