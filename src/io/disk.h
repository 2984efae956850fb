// SPDX-License-Identifier: Apache-2.0
// The port to a disk: one directory of flat files. `os` implements it with system calls, `sim` with
// a model that tears, loses and delays.
//
// Contract, as weak as POSIX: what was written may or may not survive a crash until sync() of that
// file returned; a created, renamed or removed name may or may not survive until sync_directory()
// returned. A write survives sector by sector (kSectorBytes, aligned in the file), in any order and
// each as a whole; a sector that did not survive reads as before, as zeros where the file grew, or
// not at all where it did not. After an error of sync() nothing is known about the file's unsynced
// bytes, and a later success proves nothing (fsyncgate): stop trusting the file, or write again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace io {

inline constexpr std::size_t kSectorBytes = 512;

// One open file. Its name may change or go while it is open.
class File {
 public:
  virtual ~File() = default;

  virtual base::Result<std::uint64_t> size_bytes() = 0;
  // Reads at `offset` until `into` is full or the file ends; returns the number of bytes read.
  virtual base::Result<std::size_t> read(std::uint64_t offset, std::span<char> into) = 0;
  // Writes all of `parts`, one after the other, at `offset`; grows the file as needed.
  virtual base::Status write(std::uint64_t offset, std::span<const std::string_view> parts) = 0;
  virtual base::Status truncate(std::uint64_t size_bytes) = 0;
  // Returns when all bytes written before the call are durable (fdatasync).
  virtual base::Status sync() = 0;
};

class Disk {
 public:
  virtual ~Disk() = default;

  // The names in the directory, sorted.
  virtual base::Result<std::vector<std::string>> list() = 0;
  virtual base::Result<std::unique_ptr<File>> open(const std::string& name) = 0;
  // Fails if the name exists.
  virtual base::Result<std::unique_ptr<File>> create(const std::string& name) = 0;
  virtual base::Status rename(const std::string& from, const std::string& to) = 0;
  virtual base::Status remove(const std::string& name) = 0;
  virtual base::Status sync_directory() = 0;
};

}  // namespace io
