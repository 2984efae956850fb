// SPDX-License-Identifier: Apache-2.0
// How long requests took, in counters: each holds those within 1/64 of each other.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

namespace load {

class Latencies {
 public:
  void add(std::uint64_t nanoseconds) {
    ++counts_.at(bucket_of(nanoseconds));
    ++total_;
    worst_ = std::max(worst_, nanoseconds);
  }
  std::uint64_t total() const { return total_; }
  std::uint64_t worst() const { return worst_; }

  // What `permille` of a thousand did not exceed.
  std::uint64_t at(std::uint64_t permille) const {
    std::uint64_t seen = 0;
    for (std::size_t bucket = 0; bucket < counts_.size(); ++bucket) {
      seen += counts_.at(bucket);
      if (seen * 1000 >= total_ * permille) return std::min(worst_, top_of(bucket));
    }
    return worst_;
  }

 private:
  static constexpr std::uint32_t kFineBits = 6;
  static constexpr std::uint64_t kFine = std::uint64_t{1} << kFineBits;

  // Below kFine exactly; above by the leading kFineBits + 1 bits.
  static std::size_t bucket_of(std::uint64_t value) {
    if (value < kFine) return value;
    const auto shift = static_cast<std::uint32_t>(std::bit_width(value)) - kFineBits - 1;
    return (shift + 1) * kFine + (value >> shift) - kFine;
  }
  static std::uint64_t top_of(std::size_t bucket) {
    if (bucket < kFine) return bucket;
    const std::uint64_t shift = bucket / kFine - 1;
    return ((bucket % kFine + kFine + 1) << shift) - 1;
  }

  std::array<std::uint64_t, 60 * kFine> counts_{};
  std::uint64_t total_ = 0;
  std::uint64_t worst_ = 0;
};

}  // namespace load
