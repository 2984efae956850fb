// SPDX-License-Identifier: Apache-2.0
// A value with a place of its own, for what is large and seldom there. Copies are copies of it.
#pragma once

#include <memory>
#include <utility>

namespace raft {

template <class Value>
class Box {
 public:
  template <class... Arguments>
  explicit Box(std::in_place_t /*tag*/, Arguments&&... arguments)
      : value_(std::make_unique<Value>(std::forward<Arguments>(arguments)...)) {}
  Box(const Box& other) : value_(std::make_unique<Value>(*other.value_)) {}
  Box(Box&& other) noexcept = default;  // Nothing may be done with `other` but to assign to it.
  Box& operator=(const Box& other) {
    if (this != &other) value_ = std::make_unique<Value>(*other.value_);
    return *this;
  }
  Box& operator=(Box&& other) noexcept = default;
  ~Box() = default;

  Value& operator*() { return *value_; }
  const Value& operator*() const { return *value_; }
  Value* operator->() { return value_.get(); }
  const Value* operator->() const { return value_.get(); }

 private:
  std::unique_ptr<Value> value_;
};

}  // namespace raft
