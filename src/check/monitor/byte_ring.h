// SPDX-License-Identifier: Apache-2.0
// Records from one thread to another, without locks and without waiting: a full ring refuses.
//
//   push() -->  [ size | head | payload ][ size | head | payload ] ...  --> pop()
#pragma once

#include <atomic>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>

#include "base/check.h"

namespace check::monitor {

class ByteRing {
 public:
  // Requires: a power of two.
  explicit ByteRing(std::size_t capacity_bytes)
      : bytes_(new char[capacity_bytes]), mask_(capacity_bytes - 1) {
    CHECK((capacity_bytes & mask_) == 0, capacity_bytes);
  }

  // One thread. False if there is no room: nothing was put in.
  bool push(std::span<const char> head, std::span<const char> payload) {
    const auto size = static_cast<std::uint32_t>(head.size() + payload.size());
    const std::uint64_t begin = end_.load(std::memory_order_relaxed);
    const std::uint64_t used = begin - begin_.load(std::memory_order_acquire);
    if (used + sizeof size + size > mask_ + 1) return false;
    char prefix[sizeof size];
    std::memcpy(prefix, &size, sizeof size);
    copy_in(begin, prefix);
    copy_in(begin + sizeof size, head);
    copy_in(begin + sizeof size + head.size(), payload);
    end_.store(begin + sizeof size + size, std::memory_order_release);
    return true;
  }

  // One other thread. False if there is none.
  bool pop(std::string& record) {
    const std::uint64_t begin = begin_.load(std::memory_order_relaxed);
    if (begin == end_.load(std::memory_order_acquire)) return false;
    std::uint32_t size = 0;
    char prefix[sizeof size];
    copy_out(begin, prefix);
    std::memcpy(&size, prefix, sizeof size);
    record.resize(size);
    copy_out(begin + sizeof size, record);
    begin_.store(begin + sizeof size + size, std::memory_order_release);
    return true;
  }

 private:
  // Both calls: f(part of the ring, offset) for the one or two parts that `size` bytes occupy.
  template <class Copy>
  void in_parts(std::uint64_t position, std::size_t size, Copy copy) const {
    const std::size_t at = position & mask_;
    const std::size_t first = std::min(size, mask_ + 1 - at);
    copy(bytes_.get() + at, 0, first);
    if (first < size) copy(bytes_.get(), first, size - first);
  }
  void copy_in(std::uint64_t position, std::span<const char> from) {
    in_parts(position, from.size(), [&](char* place, std::size_t offset, std::size_t size) {
      if (size > 0) std::memcpy(place, from.data() + offset, size);
    });
  }
  void copy_out(std::uint64_t position, std::span<char> to) const {
    in_parts(position, to.size(), [&](const char* place, std::size_t offset, std::size_t size) {
      if (size > 0) std::memcpy(to.data() + offset, place, size);
    });
  }

  std::unique_ptr<char[]> bytes_;
  std::size_t mask_;
  std::atomic<std::uint64_t> begin_{0};  // Positions only grow; the ring is position & mask_.
  std::atomic<std::uint64_t> end_{0};
};

}  // namespace check::monitor
