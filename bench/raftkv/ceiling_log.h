// SPDX-License-Identifier: Apache-2.0
// The file that the ceiling appends to, as fast as a file can be used honestly: all its blocks were
// written before, so that a sync has no metadata to write, and each append is one system call that
// returns when the bytes are on the disk (O_DIRECT|O_DSYNC). At its end it begins anew, as a log
// does that recycles its segments.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "os/fd.h"

namespace ceiling {

constexpr std::size_t kBlock = 4096;

// Bytes that grow, at an address that O_DIRECT takes.
class Buffer {
 public:
  char* data() { return bytes_.get(); }
  const char* data() const { return bytes_.get(); }
  std::size_t size() const { return size_; }
  std::size_t capacity() const { return capacity_; }
  void clear() { size_ = 0; }
  // There is room for `bytes` behind size(), up to the end of the block where they end.
  void reserve_behind(std::size_t bytes);
  void append(const void* bytes, std::size_t count);
  void grow_to(std::size_t size) { size_ = size; }
  // Drops the first `bytes`.
  void consume(std::size_t bytes);

 private:
  struct Free {
    void operator()(char* bytes) const;
  };
  std::unique_ptr<char, Free> bytes_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

class Log {
 public:
  // Makes `path` and writes all of it, unless an earlier run left it. Ends the program if the file
  // system refuses; falls back to write and fdatasync where only O_DIRECT is refused, and says so.
  Log(const std::string& path, std::size_t bytes);

  // Durable when it returns. Writes whole blocks: what stands behind size() in the last one is
  // junk.
  void append(Buffer& buffer);

 private:
  os::Fd file_;
  std::size_t end_ = 0;
  std::size_t bytes_;
  bool direct_ = true;
};

}  // namespace ceiling
