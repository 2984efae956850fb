// SPDX-License-Identifier: Apache-2.0
#include "io/disk.h"

#include <algorithm>
#include <array>

namespace io {

namespace {

// Begins where it must for a write past the cache.
struct alignas(kSectorBytes) Sector {
  std::array<char, kSectorBytes> bytes{};
};

constexpr std::uint64_t kZerosAtOnce = std::uint64_t{256} << 10U;

}  // namespace

base::Status write_zeros(File& file, std::uint64_t offset, std::uint64_t bytes) {
  const std::vector<Sector> zeros(std::min(kZerosAtOnce, bytes) / kSectorBytes);
  const std::uint64_t end = offset + bytes;
  for (std::uint64_t at = offset; at < end; at += kZerosAtOnce) {
    const std::string_view piece(zeros.front().bytes.data(), std::min(kZerosAtOnce, end - at));
    TRY([[maybe_unused]] const base::Done written, file.write_durably(at, piece));
  }
  return base::Done{};
}

base::Result<bool> File::write_zeros_meanwhile(std::uint64_t offset, std::uint64_t bytes) {
  TRY([[maybe_unused]] const base::Done written, write_zeros(*this, offset, bytes));
  return true;
}

}  // namespace io
