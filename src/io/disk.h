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
// NoSpace: the disk is full; what was to be written may be there in part. NotFound: what is to be
// opened, renamed or removed is not there; no other call says so. Unavailable: it cannot be opened
// or read now, as no descriptor or no memory is left; nothing has changed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "io/mapped_file.h"

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
  // sync() for those who need not wait. False: it is not over, ask again; true: what was written
  // before it was first asked for is durable.
  virtual base::Result<bool> sync_meanwhile() {
    const base::Status synced = sync();
    if (!synced.ok()) return synced.error();
    return true;
  }
  // write() of whole sectors, and returns when these bytes are durable (others may not be). A disk
  // that can do both at once needs `bytes` to begin at a multiple of kSectorBytes in memory, too.
  virtual base::Status write_durably(std::uint64_t offset, std::string_view bytes) {
    const base::Status written = write(offset, std::span(&bytes, 1));
    return written.ok() ? sync() : written;
  }
  // Makes `bytes` bytes at `offset`, whole sectors, durable zeros, for those who need not wait and
  // write nothing else there until it is over. False: it is not, ask again for the same.
  virtual base::Result<bool> write_zeros_meanwhile(std::uint64_t offset, std::uint64_t bytes);
};

// Returns when `bytes` bytes at `offset`, whole sectors, are durable zeros.
base::Status write_zeros(File& file, std::uint64_t offset, std::uint64_t bytes);

class Disk {
 public:
  virtual ~Disk() = default;

  // The names in the directory, sorted.
  virtual base::Result<std::vector<std::string>> list() = 0;
  virtual base::Result<std::unique_ptr<File>> open(const std::string& name) = 0;
  // Fails if the name exists.
  virtual base::Result<std::unique_ptr<File>> create(const std::string& name) = 0;
  // Opens a file, or creates an empty one, and maps it.
  virtual base::Result<std::unique_ptr<MappedFile>> map(const std::string& name) {
    return base::Error{base::ErrorCode::InvalidArgument, name + ": this disk maps no files"};
  }
  virtual base::Status rename(const std::string& from, const std::string& to) = 0;
  virtual base::Status remove(const std::string& name) = 0;
  virtual base::Status sync_directory() = 0;
  // As sync_meanwhile().
  virtual base::Result<bool> sync_directory_meanwhile() {
    const base::Status synced = sync_directory();
    if (!synced.ok()) return synced.error();
    return true;
  }
  // remove(), perhaps later, and then nobody hears of an error.
  virtual base::Status remove_meanwhile(const std::string& name) { return remove(name); }
};

}  // namespace io
