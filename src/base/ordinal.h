// SPDX-License-Identifier: Apache-2.0
// Integers that cannot be mixed up.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>
#include <ostream>

#include "base/check.h"

namespace base {

// A position on a counted line: a term, a log index, a tick. Positions compare and step forward;
// two positions of different lines do not meet in one expression. Zero means "before the first".
template <class Line>
class Ordinal {
 public:
  constexpr Ordinal() = default;
  constexpr explicit Ordinal(std::uint64_t value) : value_(value) {}

  constexpr std::uint64_t value() const { return value_; }

  constexpr Ordinal next() const { return plus(1); }
  constexpr Ordinal plus(std::uint64_t count) const {
    CHECK(count <= std::numeric_limits<std::uint64_t>::max() - value_, value_, count);
    return Ordinal(value_ + count);
  }
  // The number of positions in (earlier, *this].
  constexpr std::uint64_t since(Ordinal earlier) const {
    CHECK(earlier.value_ <= value_, earlier.value_, value_);
    return value_ - earlier.value_;
  }

  friend constexpr auto operator<=>(Ordinal, Ordinal) = default;
  friend std::ostream& operator<<(std::ostream& out, Ordinal position) {
    return out << position.value_;
  }

 private:
  std::uint64_t value_ = 0;
};

}  // namespace base
