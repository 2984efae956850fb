// SPDX-License-Identifier: Apache-2.0
// A queue whose elements stay where they are in memory and are used again, so that a queue in its
// steady state allocates nothing.
//
//   ring.push() = ...;   ring[0] ... ring[size() - 1], oldest first   ring.pop_front();
//
// What an element owns stays with its place: empty it before it is popped, or shrink the ring.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <memory>
#include <utility>

#include "base/check.h"

namespace base {

template <class Element>
class Ring {
 public:
  // Random access, from the oldest on, for as long as the ring does not change.
  class Iterator {
   public:
    // NOLINTBEGIN(readability-identifier-naming): the standard's names.
    using iterator_category = std::random_access_iterator_tag;
    using value_type = Element;
    using difference_type = std::ptrdiff_t;
    using pointer = const Element*;
    using reference = const Element&;
    // NOLINTEND(readability-identifier-naming)

    Iterator() = default;
    Iterator(const Ring* ring, difference_type at) : ring_(ring), at_(at) {}

    reference operator*() const { return (*ring_)[static_cast<std::size_t>(at_)]; }
    pointer operator->() const { return &**this; }
    reference operator[](difference_type by) const { return *(*this + by); }
    Iterator& operator+=(difference_type by) {
      at_ += by;
      return *this;
    }
    Iterator& operator-=(difference_type by) { return *this += -by; }
    Iterator& operator++() { return *this += 1; }
    Iterator& operator--() { return *this -= 1; }
    Iterator operator++(int) { return std::exchange(*this, *this + 1); }
    Iterator operator--(int) { return std::exchange(*this, *this - 1); }
    friend Iterator operator+(Iterator it, difference_type by) { return it += by; }
    friend Iterator operator+(difference_type by, Iterator it) { return it += by; }
    friend Iterator operator-(Iterator it, difference_type by) { return it -= by; }
    friend difference_type operator-(const Iterator& one, const Iterator& other) {
      return one.at_ - other.at_;
    }
    friend bool operator==(const Iterator& one, const Iterator& other) {
      return one.at_ == other.at_;
    }
    friend auto operator<=>(const Iterator& one, const Iterator& other) {
      return one.at_ <=> other.at_;
    }

   private:
    const Ring* ring_ = nullptr;
    difference_type at_ = 0;
  };

  Ring() = default;
  Ring(const Ring& other) : Ring() { assign(other); }
  Ring(Ring&& other) noexcept { swap(other); }
  Ring& operator=(const Ring& other) {
    if (this != &other) assign(other);
    return *this;
  }
  Ring& operator=(Ring&& other) noexcept {
    Ring taken(std::move(other));
    swap(taken);
    return *this;
  }
  ~Ring() = default;

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::size_t capacity() const { return capacity_; }

  Element& operator[](std::size_t at) { return slots_[place(at)]; }
  const Element& operator[](std::size_t at) const { return slots_[place(at)]; }

  Element& front() { return (*this)[0]; }
  const Element& front() const { return (*this)[0]; }
  Element& back() { return (*this)[size() - 1]; }
  const Element& back() const { return (*this)[size() - 1]; }

  Iterator begin() const { return {this, 0}; }
  Iterator end() const { return {this, static_cast<std::ptrdiff_t>(size())}; }

  // The new last element, in the state in which an earlier one left its place.
  Element& push() {
    if (size_ == capacity_) grow();
    return slots_[place(size_++)];
  }
  void pop_front() {
    CHECK(size_ > 0);
    begin_ = static_cast<std::uint32_t>(place(1));
    --size_;
  }
  void pop_back() {
    CHECK(size_ > 0);
    --size_;
  }
  // The elements stay in their places.
  void clear() { size_ = 0; }

  // Frees what is more than twice the room for `least` elements and those that it has.
  void shrink(std::size_t least) {
    std::size_t enough = kFirst;
    while (enough < least || enough < size()) enough *= 2;
    if (enough < capacity()) resize(enough);
  }

  // Frees all memory. Requires: empty().
  void release() {
    CHECK(size_ == 0, size_);
    slots_.reset();
    begin_ = capacity_ = 0;
  }

 private:
  std::size_t place(std::size_t at) const { return (begin_ + at) & (capacity_ - 1U); }

  void grow() {
    CHECK(capacity_ <= std::numeric_limits<std::uint32_t>::max() / 2, capacity_);
    resize(capacity_ == 0 ? kFirst : 2 * capacity());
  }
  // Requires: a power of two, and room for all.
  void resize(std::size_t capacity) {
    auto other = std::make_unique<Element[]>(capacity);
    for (std::size_t i = 0; i < size_; ++i) other[i] = std::move((*this)[i]);
    slots_ = std::move(other);
    capacity_ = static_cast<std::uint32_t>(capacity);
    begin_ = 0;
  }
  void assign(const Ring& other) {
    Ring copy;
    if (!other.empty()) copy.resize(other.capacity());
    for (const Element& element : other) copy.push() = element;
    swap(copy);
  }
  void swap(Ring& other) noexcept {
    std::swap(slots_, other.slots_);
    std::swap(capacity_, other.capacity_);
    std::swap(begin_, other.begin_);
    std::swap(size_, other.size_);
  }

  static constexpr std::size_t kFirst = 4;  // A power of two, as all capacities.

  std::unique_ptr<Element[]> slots_;  // NOLINT(modernize-avoid-c-arrays): of that many.
  std::uint32_t capacity_ = 0;
  std::uint32_t begin_ = 0;
  std::uint32_t size_ = 0;
};

}  // namespace base
