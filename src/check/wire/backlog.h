// SPDX-License-Identifier: Apache-2.0
// Bytes of one direction that wait for the rest of their frame.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "base/check.h"

namespace check::wire {

class Backlog {
 public:
  void append(std::string_view bytes) { buffer_.append(bytes); }

  // Until the next call of anything else.
  std::string_view view() const { return std::string_view(buffer_).substr(begin_); }
  std::size_t size() const { return buffer_.size() - begin_; }
  bool empty() const { return size() == 0; }

  // Takes the first `count` bytes out. Requires: there are that many.
  std::string take(std::size_t count) {
    CHECK(count <= size(), count, size());
    if (begin_ == 0 && count == buffer_.size()) return std::exchange(buffer_, {});
    std::string taken = buffer_.substr(begin_, count);
    begin_ += count;
    // Bytes already taken are moved over at most once for each byte that is taken.
    if (begin_ >= buffer_.size() - begin_) buffer_.erase(0, std::exchange(begin_, 0));
    return taken;
  }
  std::string take_all() { return take(size()); }

 private:
  std::string buffer_;
  std::size_t begin_ = 0;  // What is before was taken.
};

}  // namespace check::wire
