// SPDX-License-Identifier: Apache-2.0
// The requests that are not answered yet, by their ids, which are given out one after the other.
//
//   late: [3]   [9]      ring: [17][  ][19][20][  ][22]      next: 23
//
// Most are answered in about the order in which they came, so a queue with holes finds them without
// a search; one that holds up too many holes moves to a map.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "base/check.h"
#include "base/ring.h"

namespace member {

template <class Request>
class Requests {
 public:
  // Requires: `id` is the one after that of the last call, if there was one.
  void add(std::uint64_t id, Request request) {
    if (ring_.empty()) {
      CHECK(first_ <= id, first_, id);
      first_ = id;
    }
    CHECK(id == first_ + ring_.size(), id, first_, ring_.size());
    ring_.push() = std::move(request);
    ++waiting_;
    if (ring_.size() > 2 * waiting_ + kHoles) set_first_aside();
  }

  // Null: it was answered.
  const Request* find(std::uint64_t id) const {
    if (id >= first_ && id - first_ < ring_.size()) {
      const std::optional<Request>& found = ring_[id - first_];
      return found ? &*found : nullptr;
    }
    const auto late = late_.find(id);
    return late == late_.end() ? nullptr : &late->second;
  }

  std::optional<Request> take(std::uint64_t id) {
    if (id < first_ || id - first_ >= ring_.size()) {
      auto late = late_.extract(id);
      return late.empty() ? std::nullopt : std::optional(std::move(late.mapped()));
    }
    std::optional<Request> taken = std::exchange(ring_[id - first_], std::nullopt);
    if (taken) --waiting_;
    drop_holes();
    return taken;
  }

  // Shows each to `look(id, request)`, oldest first.
  template <class Look>
  void visit(Look look) const {
    for (const auto& [id, request] : late_) look(id, request);
    for (std::size_t i = 0; i < ring_.size(); ++i) {
      if (ring_[i]) look(first_ + i, *ring_[i]);
    }
  }

 private:
  static constexpr std::size_t kHoles = 1024;
  static constexpr std::size_t kKept = 8192;  // Places of an empty ring.

  void set_first_aside() {
    late_.emplace(first_, *std::exchange(ring_[0], std::nullopt));
    --waiting_;
    drop_holes();
  }
  // So that the first one, if there is any, waits.
  void drop_holes() {
    while (!ring_.empty() && !ring_[0]) {
      ring_.pop_front();
      ++first_;
    }
    if (ring_.empty() && ring_.capacity() > kKept) ring_.release();
  }

  std::uint64_t first_ = 0;  // Of ring_[0].
  base::Ring<std::optional<Request>> ring_;
  std::size_t waiting_ = 0;  // In the ring.
  std::map<std::uint64_t, Request> late_;
};

}  // namespace member
